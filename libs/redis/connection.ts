import { Cluster, ReplyError } from 'ioredis';
import { LRUCache } from 'lru-cache';
import { shownAddress } from './address.ts';
import { openClient, type RedisAccess, type RedisClient } from './client.ts';
import { withinTime } from './time-limit.ts';

export interface ConnectionOptions extends RedisAccess {
  /** How long any call may wait for Redis, in milliseconds. */
  readonly timeoutMs: number;
  readonly log: { log(line: string): void; warn(line: string): void };
}

const PROBE_EVERY_MS = 1_000;
const PROBE_KEY = 'openclaw:probe';
const PROBE = `redis.call('SET', KEYS[1], redis.call('TIME')[1], 'PX', ARGV[1])`;
/** Probes in a row without an answer after which Redis counts as hung. */
const HUNG_AFTER = 2;
const LATE_ONCE = Symbol('late once');
/** How long a key is looked after here once Redis has failed for it. */
const PAUSE_MS = 1_000;
const PAUSED_KEYS = 10_000;

/**
 * The connection to Redis of this process. Redis may go away at any time: whoever asks through {@link answer} has an answer
 * within the time limit all the same.
 */
export class RedisConnection {
  readonly client: RedisClient;
  /** How often {@link answer} had to do without Redis. */
  localAnswers = 0;
  private readonly timer: NodeJS.Timeout;
  /** Keys for which Redis is not asked for a moment: in a cluster one node may be away and the others not. */
  private readonly paused = new LRUCache<string, true>({ max: PAUSED_KEYS, ttl: PAUSE_MS });
  private wrong: string | undefined = 'not connected yet';
  private lastError: string | undefined;
  /** Probes in a row that nobody answered, and that somebody did not answer. */
  private unanswered = 0;
  private late = 0;
  private told: boolean | undefined;
  private closed = false;
  private probing: Promise<void> | undefined;

  constructor(private readonly options: ConnectionOptions) {
    this.client = openClient(options);
    this.client.on('error', (error: Error) => (this.lastError = error.message));
    this.client.on('node error', (error: Error) => (this.lastError = error.message));
    this.client.on('ready', () => void this.probe());
    this.client.on('close', () => void this.probe());
    this.timer = setInterval(() => void this.probe(), PROBE_EVERY_MS).unref();
  }

  get connected(): boolean {
    return this.wrong === undefined;
  }

  /** What is wrong; undefined where all is well. */
  get problem(): string | undefined {
    return this.wrong;
  }

  /** Whether it makes sense to ask at all. */
  get usable(): boolean {
    return this.client.status === 'ready' && this.unanswered < HUNG_AFTER;
  }

  /**
   * The answer of Redis or, where it is away, fails or is slow, the one worked out here.
   * @param key for which Redis is spared a while after it failed
   */
  async answer<T>(key: string, fromRedis: () => Promise<T>, fromHere: () => Promise<T>): Promise<T> {
    if (this.usable && !this.paused.has(key)) {
      try {
        return await withinTime(fromRedis(), this.options.timeoutMs);
      } catch {
        this.paused.set(key, true);
      }
    }
    this.localAnswers++;
    return fromHere();
  }

  /** Asks whether Redis serves, and tells where that has changed. */
  probe(): Promise<void> {
    this.probing ??= this.probeOnce().finally(() => (this.probing = undefined));
    return this.probing;
  }

  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.timer);
    this.client.disconnect();
    await this.probing;
  }

  private async probeOnce(): Promise<void> {
    if (this.closed) return;
    const found = this.client.status === 'ready' ? await this.ask() : (this.lastError ?? 'not connected');
    if (this.closed) return;
    this.wrong = found === LATE_ONCE ? this.wrong : found;
    this.tell();
  }

  /** What is wrong; undefined where nothing is. A single late answer is no outage. */
  private async ask(): Promise<string | undefined | typeof LATE_ONCE> {
    const outcomes = await Promise.allSettled(this.questions().map((asked) => withinTime(asked, PROBE_EVERY_MS / 2)));
    const answers = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    const [late] = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as Error] : []));
    this.unanswered = answers.length === 0 ? this.unanswered + 1 : 0;
    this.late = late ? this.late + 1 : 0;
    const problem = answers.find((answer) => answer !== undefined);
    if (problem !== undefined || !late) return problem;
    return this.late < HUNG_AFTER ? LATE_ONCE : late.message;
  }

  /** Each resolves with what is wrong, or undefined. A server may answer and yet be full, read-only or lack a right. */
  private questions(): Promise<string | undefined>[] {
    const { client } = this;
    const write = async () => {
      try {
        await client.eval(PROBE, 1, PROBE_KEY, 10 * PROBE_EVERY_MS);
      } catch (error) {
        const { message } = error as Error;
        if (!(error instanceof ReplyError)) throw error;
        return message.startsWith('MOVED') ? 'it is part of a cluster: REDIS_URL must name several nodes' : message;
      }
    };
    if (!(client instanceof Cluster)) return [write()];
    const states = client.nodes('master').map(async (node) => {
      const info = String(await node.cluster('INFO'));
      return /cluster_state:ok/.test(info) ? undefined : 'the cluster does not serve all keys';
    });
    return [...states, write()];
  }

  private tell(): void {
    const where = shownAddress(this.options.address);
    const before = this.told;
    if (before === this.connected) return;
    this.told = this.connected;
    if (this.connected) {
      this.lastError = undefined;
      this.options.log.log(
        before === undefined ? `connected to ${where}` : `${where} is back: limits are shared again`,
      );
    } else {
      this.options.log.warn(
        `${where} is away (${this.wrong}): until it is back, limits count for this replica alone and notices stay in it`,
      );
    }
  }
}
