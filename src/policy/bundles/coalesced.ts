/**
 * Runs `work` for a key, once at a time: calls that come while it runs share one more run after it. So every caller's run
 * has begun after the call, and a burst of calls costs two runs.
 */
export class Coalesced<T> {
  private readonly running = new Map<string, { again: boolean; done: Promise<void> }>();

  constructor(
    private readonly keyOf: (subject: T) => string,
    private readonly work: (subject: T) => Promise<void>,
  ) {}

  run(subject: T): Promise<void> {
    const key = this.keyOf(subject);
    const running = this.running.get(key);
    if (running) {
      running.again = true;
      return running.done;
    }
    const state = { again: false, done: Promise.resolve() };
    state.done = (async () => {
      try {
        do {
          state.again = false;
          await this.work(subject);
        } while (state.again);
      } finally {
        this.running.delete(key);
      }
    })();
    this.running.set(key, state);
    return state.done;
  }
}
