/** Keys that one question may ask for. */
const MOST = 1_000;
/** Questions at a time: a second one, so that one that hangs does not hold all. */
const AT_ONCE = 2;

interface Asked<T> {
  readonly answer: Promise<T | undefined>;
  readonly resolve: (value: T | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Answers calls that come while questions are under way by the next one, all together: however many come at once, they never
 * take more than two connections. A call is never answered by a question that was asked before it.
 * @param ask answers for those keys that there is something for
 */
export function together<T>(
  ask: (keys: readonly string[]) => Promise<ReadonlyMap<string, T>>,
): (key: string) => Promise<T | undefined> {
  const waiting = new Map<string, Asked<T>>();
  let underWay = 0;

  const next = async (): Promise<void> => {
    const batch = new Map([...waiting].slice(0, MOST));
    for (const key of batch.keys()) waiting.delete(key);
    underWay++;
    try {
      const answers = await ask([...batch.keys()]);
      for (const [key, { resolve }] of batch) resolve(answers.get(key));
    } catch (error) {
      for (const { reject } of batch.values()) reject(error);
    } finally {
      underWay--;
      if (waiting.size > 0) void next();
    }
  };

  return (key) => {
    let asked = waiting.get(key);
    if (!asked) {
      const { promise: answer, resolve, reject } = Promise.withResolvers<T | undefined>();
      asked = { answer, resolve, reject };
      waiting.set(key, asked);
      if (underWay < AT_ONCE) void next();
    }
    return asked.answer;
  };
}
