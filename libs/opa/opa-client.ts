import { LRUCache } from 'lru-cache';
import { Pool } from 'undici';

/** The engine did not give a usable answer: down, slow or answering nonsense. Whoever asks must deny. */
export class OpaUnreachable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'OpaUnreachable';
  }
}

/** OPA answered that the evaluation itself failed: two values for one rule, say. `file` and `line` are the Rego's. */
export class OpaQueryFailed extends OpaUnreachable {
  constructor(
    message: string,
    readonly file?: string,
    readonly line?: number,
  ) {
    super(message);
    this.name = 'OpaQueryFailed';
  }
}

/** The evaluation took longer than its lane allows. */
export class OpaTooSlow extends OpaUnreachable {
  constructor(message: string) {
    super(message);
    this.name = 'OpaTooSlow';
  }
}

/** So many evaluations wait already that another one could not be answered in time. */
export class OpaOverloaded extends Error {
  constructor() {
    super('too many evaluations are waiting');
    this.name = 'OpaOverloaded';
  }
}

export interface OpaClientOptions {
  readonly url: string;
  readonly token?: string | undefined;
  /** Milliseconds that an evaluation may take, its wait included. */
  readonly timeoutMs: number;
  /** Evaluations sent in one call at most. Measured: 128 a call carry 7 % more than 32. */
  readonly batchLimit?: number;
  /** Evaluations of one tenant that may wait. */
  readonly queueLimit?: number;
}

/**
 * Limits of a lane whose evaluations nobody has vouched for: they run a tenant's own code. A call takes `callMs` at most;
 * should a batch take longer, its items are tried one by one. The lanes of one group share two calls at a time. A lane
 * that was too slow three times in a row rests for a while, in which it is denied without asking.
 */
export interface CautiousLane {
  readonly group: string;
  readonly callMs: number;
}

/** Calls of one lane, or of one group of cautious lanes, under way at once: one is answered while the next is on its way. */
const CALLS_AT_ONCE = 2;
const CAUTIOUS_BATCH = 8;
/** A lane that was too slow so many times in a row rests for so long. */
const SLOW_IN_A_ROW = 3;
const REST_MS = 5_000;
const RESTING = 'the evaluations before it were too slow';
const RESPONSE_LIMIT_BYTES = 16 * 1024 * 1024;

interface Waiting {
  readonly input: unknown;
  readonly deadline: number;
  readonly answer: (result: unknown) => void;
  readonly fail: (error: Error) => void;
}

interface Lane {
  readonly waiting: Waiting[];
  readonly cautious: CautiousLane | undefined;
  underWay: number;
}

/** Lanes that share calls, and those of them that wait for one. */
interface Group {
  underWay: number;
  readonly blocked: Set<string>;
}

/**
 * Evaluates inputs at one rule of OPA, in lanes: at least one for each tenant. Evaluations of a lane that arrive while its
 * calls are under way go out together in the next call. Calls never mix lanes, so that one whose policies are slow delays no
 * other; a call past its time limit is aborted, on which OPA cancels the query.
 */
export class OpaClient {
  private readonly pool: Pool;
  private readonly lanes = new Map<string, Lane>();
  private readonly groups = new Map<string, Group>();
  private readonly slow = new LRUCache<string, { inARow: number; restUntil: number }>({ max: 10_000 });
  private readonly batchLimit: number;
  private readonly queueLimit: number;
  private readonly headers: Record<string, string>;

  /** @param batchRule path of the rule that answers `{items}` with an array in the same order, such as `openclaw/main/batch` */
  constructor(
    private readonly batchRule: string,
    private readonly options: OpaClientOptions,
  ) {
    this.batchLimit = options.batchLimit ?? 128;
    this.queueLimit = options.queueLimit ?? 5_000;
    this.headers = {
      'content-type': 'application/json',
      ...(options.token ? { authorization: `Bearer ${options.token}` } : {}),
    };
    this.pool = new Pool(new URL(options.url).origin, {
      connections: 64,
      pipelining: 1,
      connect: { timeout: options.timeoutMs },
      maxResponseSize: RESPONSE_LIMIT_BYTES,
    });
  }

  /**
   * The rule's answer for one input.
   * @param key of the lane; never the same for two tenants
   * @throws OpaUnreachable, OpaQueryFailed, OpaTooSlow, OpaOverloaded
   */
  evaluate(key: string, input: unknown, cautious?: CautiousLane): Promise<unknown> {
    if (cautious && this.rests(key)) return Promise.reject(new OpaTooSlow(RESTING));
    let lane = this.lanes.get(key);
    if (!lane) this.lanes.set(key, (lane = { waiting: [], cautious, underWay: 0 }));
    if (lane.waiting.length >= this.queueLimit) return Promise.reject(new OpaOverloaded());
    const { waiting } = lane;
    return new Promise((answer, fail) => {
      waiting.push({ input, deadline: performance.now() + this.options.timeoutMs, answer, fail });
      this.send(key, lane);
    });
  }

  /** @throws OpaUnreachable where OPA does not say that it is healthy within the time limit */
  async ping(timeoutMs = this.options.timeoutMs): Promise<void> {
    try {
      const { statusCode, body } = await this.pool.request({
        path: '/health',
        method: 'GET',
        headers: this.headers,
        signal: AbortSignal.timeout(timeoutMs),
      });
      await body.dump();
      if (statusCode !== 200) throw new Error(`answered ${statusCode}`);
    } catch (error) {
      throw new OpaUnreachable(`OPA at ${this.options.url}: ${(error as Error).message}`, { cause: error });
    }
  }

  async close(): Promise<void> {
    await this.pool.destroy();
  }

  private send(key: string, lane: Lane): void {
    if (lane.cautious && this.rests(key)) {
      for (const waiting of lane.waiting.splice(0)) waiting.fail(new OpaTooSlow(RESTING));
      if (lane.underWay === 0) this.lanes.delete(key);
    }
    const limit = lane.cautious ? 1 : CALLS_AT_ONCE;
    const size = lane.cautious ? Math.min(CAUTIOUS_BATCH, this.batchLimit) : this.batchLimit;
    while (lane.underWay < limit && lane.waiting.length > 0) {
      if (lane.cautious && !this.enter(lane.cautious.group, key)) return;
      const now = performance.now();
      const batch: Waiting[] = [];
      while (batch.length < size && lane.waiting.length > 0) {
        const next = lane.waiting.shift()!;
        if (next.deadline <= now) next.fail(new OpaTooSlow('the evaluation waited past its time limit'));
        else batch.push(next);
      }
      lane.underWay++;
      void this.call(key, lane, batch).finally(() => {
        lane.underWay--;
        if (lane.cautious) this.leave(lane.cautious.group);
        if (lane.waiting.length > 0) this.send(key, lane);
        else if (lane.underWay === 0) this.lanes.delete(key);
      });
    }
  }

  /** @returns false where the lane has to wait for another one of its group */
  private enter(name: string, key: string): boolean {
    let group = this.groups.get(name);
    if (!group) this.groups.set(name, (group = { underWay: 0, blocked: new Set() }));
    if (group.underWay >= CALLS_AT_ONCE) {
      group.blocked.add(key);
      return false;
    }
    group.blocked.delete(key);
    group.underWay++;
    return true;
  }

  private leave(name: string): void {
    const group = this.groups.get(name)!;
    group.underWay--;
    for (const next of group.blocked) {
      group.blocked.delete(next);
      const lane = this.lanes.get(next);
      if (!lane || lane.waiting.length === 0) continue;
      this.send(next, lane);
      break;
    }
    if (group.underWay === 0 && group.blocked.size === 0) this.groups.delete(name);
  }

  private async call(key: string, lane: Lane, batch: readonly Waiting[]): Promise<void> {
    if (batch.length === 0) return;
    try {
      const left = batch[0]!.deadline - performance.now();
      const results = await this.query(
        batch.map((waiting) => waiting.input),
        Math.min(left, lane.cautious?.callMs ?? left),
      );
      if (lane.cautious) this.slow.delete(key);
      batch.forEach((waiting, i) => waiting.answer(results[i]));
    } catch (error) {
      const isSlow = (error as Error).name === 'TimeoutError';
      if (batch.length > 1 && (error instanceof OpaQueryFailed || (isSlow && lane.cautious))) {
        // One input that OPA cannot evaluate must not fail its neighbours.
        for (const waiting of batch) await this.call(key, lane, [waiting]);
        return;
      }
      if (isSlow && lane.cautious) this.tooSlow(key);
      const failure = this.failure(error as Error, isSlow);
      for (const waiting of batch) waiting.fail(failure);
    }
  }

  private failure(error: Error, isSlow: boolean): OpaUnreachable {
    if (error instanceof OpaQueryFailed) return error;
    if (isSlow) return new OpaTooSlow(`OPA at ${this.options.url} did not answer in time`);
    return new OpaUnreachable(`OPA at ${this.options.url}: ${error.message}`, { cause: error });
  }

  private rests(key: string): boolean {
    return (this.slow.get(key)?.restUntil ?? 0) > performance.now();
  }

  private tooSlow(key: string): void {
    const inARow = (this.slow.get(key)?.inARow ?? 0) + 1;
    this.slow.set(key, { inARow, restUntil: inARow < SLOW_IN_A_ROW ? 0 : performance.now() + REST_MS });
  }

  private async query(items: readonly unknown[], timeoutMs: number): Promise<unknown[]> {
    const { statusCode, body } = await this.pool.request({
      path: `/v1/data/${this.batchRule}`,
      method: 'POST',
      headers: this.headers,
      body: JSON.stringify({ input: { items } }),
      signal: AbortSignal.timeout(Math.max(1, Math.ceil(timeoutMs))),
    });
    const text = await body.text();
    if (statusCode === 500) throw queryFailed(text);
    if (statusCode !== 200) throw new Error(`answered ${statusCode}: ${text.slice(0, 300)}`);
    const { result } = JSON.parse(text) as { result?: unknown };
    if (!Array.isArray(result) || result.length !== items.length) {
      throw new Error(
        `answered ${Array.isArray(result) ? result.length : 'no list of'} results to ${items.length} inputs`,
      );
    }
    return result;
  }
}

/** Source: OPA's documentation, "REST API", "Errors". */
function queryFailed(text: string): OpaQueryFailed {
  const said = `answered 500: ${text.slice(0, 300)}`;
  try {
    const { errors = [] } = JSON.parse(text) as {
      errors?: { message: string; location?: { file: string; row: number } }[];
    };
    const [first] = errors;
    return new OpaQueryFailed(first?.message ?? said, first?.location?.file, first?.location?.row);
  } catch {
    return new OpaQueryFailed(said);
  }
}
