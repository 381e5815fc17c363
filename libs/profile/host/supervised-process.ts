/** Keeps one child process running: starts it, starts it again when it dies, and stops it for good. */
import { type ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { type Progress } from '../progress.ts';
import { type StopStep, terminate } from './processes.ts';

export type ServerState = 'stopped' | 'starting' | 'running' | 'restarting' | 'stopping';

export interface ServerExit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** False when we asked for it. */
  unexpected: boolean;
}

export interface Supervision {
  name: string;
  /** Removes what a dead process left behind. Called before each launch and after the end. */
  clean(): Promise<void>;
  launch(): Promise<ChildProcess>;
  /** Resolves when the process serves. Must give up when `signal` aborts. */
  ready(child: ChildProcess, signal: AbortSignal): Promise<void>;
  /** From a polite signal to SIGKILL. */
  stopSteps: readonly StopStep[];
  progress: Progress;
  onExit?: ((exit: ServerExit) => void) | undefined;
}

const FIRST_BACK_OFF_MS = 100;
const LONGEST_BACK_OFF_MS = 5_000;
/** A process that ran this long was well: its next death starts the back-off from the beginning. */
const SETTLED_MS = 30_000;

export class SupervisedProcess {
  readonly #with: Supervision;
  #state: ServerState = 'stopped';
  #child: ChildProcess | undefined;
  #ending = new AbortController();
  #work: Promise<void> = Promise.resolve();
  #running = Promise.withResolvers<void>();
  #deaths = 0;

  constructor(supervision: Supervision) {
    this.#with = supervision;
    this.#running.promise.catch(() => {});
  }

  get state(): ServerState {
    return this.#state;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts once: what goes wrong the first time is thrown, not tried again. */
  async start(): Promise<void> {
    if (this.#state !== 'stopped') throw new Error(`${this.#with.name} is ${this.#state} already.`);
    this.#state = 'starting';
    this.#ending = new AbortController();
    this.#running = Promise.withResolvers<void>();
    this.#running.promise.catch(() => {});
    const work = this.#bring();
    this.#work = work.catch(() => {});
    try {
      await work;
      process.on('exit', this.#lastWord);
    } catch (error) {
      this.#running.reject(error);
      if (this.#state === 'starting') this.#state = 'stopped';
      throw error;
    }
  }

  /** Resolves when it serves (again); rejects when it is stopped instead. */
  whenRunning(): Promise<void> {
    return this.#running.promise;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  async stop(): Promise<void> {
    if (this.#state === 'stopped') return;
    this.#state = 'stopping';
    this.#ending.abort(new Error(`${this.#with.name} was stopped.`));
    this.#running.reject(this.#ending.signal.reason);
    process.off('exit', this.#lastWord);
    await this.#end();
    await this.#work;
    await this.#end(); // one that was launched just before the abort
    await this.#with.clean();
    this.#state = 'stopped';
  }

  async #bring(): Promise<void> {
    const { signal } = this.#ending;
    await this.#with.clean();
    signal.throwIfAborted();
    const child = await this.#with.launch();
    this.#child = child;
    const attempt = new AbortController();
    let served = 0;
    child.once('exit', (code, exitSignal) => {
      attempt.abort(new Error(`${this.#with.name} ended (${exitSignal ?? `exit code ${code}`}) before it was ready.`));
      if (this.#child === child) this.#child = undefined;
      const unexpected = this.#state === 'running';
      this.#with.onExit?.({ code, signal: exitSignal, unexpected });
      if (unexpected) this.#restart(performance.now() - served, exitSignal ?? `exit code ${code}`);
    });
    try {
      await this.#with.ready(child, AbortSignal.any([signal, attempt.signal]));
      signal.throwIfAborted();
      attempt.signal.throwIfAborted();
    } catch (error) {
      await this.#end();
      await this.#with.clean();
      throw error;
    }
    served = performance.now();
    this.#state = 'running';
    this.#running.resolve();
  }

  #restart(servedMs: number, how: string): void {
    if (servedMs > SETTLED_MS) this.#deaths = 0;
    this.#state = 'restarting';
    this.#running = Promise.withResolvers<void>();
    this.#running.promise.catch(() => {});
    this.#with.progress(`${this.#with.name} ended unexpectedly (${how}); starting it again.`);
    this.#work = this.#keepTrying();
  }

  async #keepTrying(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      try {
        await delay(Math.min(FIRST_BACK_OFF_MS * 2 ** this.#deaths++, LONGEST_BACK_OFF_MS), undefined, { signal });
        await this.#bring();
        this.#with.progress(`${this.#with.name} is running again.`);
        return;
      } catch (error) {
        if (!signal.aborted) this.#with.progress(`${this.#with.name} did not start: ${(error as Error).message}`);
      }
    }
  }

  async #end(): Promise<void> {
    const child = this.#child;
    if (!child?.pid) return;
    const gone = new Promise<void>((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) resolve();
      else child.once('exit', () => resolve());
    });
    await terminate([child.pid], this.#with.stopSteps);
    await gone;
    if (this.#child === child) this.#child = undefined;
  }

  /** The gateway leaves without having stopped us: ask the child to go, as nothing can be waited for any more. */
  readonly #lastWord = (): void => {
    this.#child?.kill(this.#with.stopSteps[0]![0]);
  };
}
