import { Pool } from 'undici';

/** The engine did not give a usable answer: down, slow or answering nonsense. Whoever asks must deny. */
export class OpaUnreachable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'OpaUnreachable';
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
  /** Evaluations sent in one call at most. Measured: 32 a call doubles the rate of one a call. */
  readonly batchLimit?: number;
  /** Evaluations of one tenant that may wait. */
  readonly queueLimit?: number;
}

/** Calls of one tenant under way at once: one being answered while the next is on its way. */
const CALLS_PER_TENANT = 2;
const RESPONSE_LIMIT_BYTES = 16 * 1024 * 1024;

interface Waiting {
  readonly input: unknown;
  readonly deadline: number;
  readonly answer: (result: unknown) => void;
  readonly fail: (error: Error) => void;
}

interface Lane {
  readonly waiting: Waiting[];
  underWay: number;
}

/**
 * Evaluates inputs at one rule of OPA. Evaluations of a tenant that arrive while its calls are under way go out together
 * in the next call. Calls never mix tenants, so a tenant whose policies are slow delays nobody else; a call past its time
 * limit is aborted, on which OPA cancels the query.
 */
export class OpaClient {
  private readonly pool: Pool;
  private readonly lanes = new Map<string, Lane>();
  private readonly batchLimit: number;
  private readonly queueLimit: number;
  private readonly headers: Record<string, string>;

  /** @param batchRule path of the rule that answers `{items}` with an array in the same order, such as `openclaw/main/batch` */
  constructor(
    private readonly batchRule: string,
    private readonly options: OpaClientOptions,
  ) {
    this.batchLimit = options.batchLimit ?? 32;
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
   * @throws OpaUnreachable, OpaOverloaded
   */
  evaluate(tenantId: string, input: unknown): Promise<unknown> {
    let lane = this.lanes.get(tenantId);
    if (!lane) this.lanes.set(tenantId, (lane = { waiting: [], underWay: 0 }));
    if (lane.waiting.length >= this.queueLimit) return Promise.reject(new OpaOverloaded());
    const { waiting } = lane;
    return new Promise((answer, fail) => {
      waiting.push({ input, deadline: performance.now() + this.options.timeoutMs, answer, fail });
      this.send(tenantId, lane);
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

  private send(tenantId: string, lane: Lane): void {
    while (lane.underWay < CALLS_PER_TENANT && lane.waiting.length > 0) {
      const now = performance.now();
      const batch: Waiting[] = [];
      while (batch.length < this.batchLimit && lane.waiting.length > 0) {
        const next = lane.waiting.shift()!;
        if (next.deadline <= now) next.fail(new OpaUnreachable('the evaluation waited past its time limit'));
        else batch.push(next);
      }
      if (batch.length === 0) continue;
      lane.underWay++;
      void this.call(batch).finally(() => {
        lane.underWay--;
        if (lane.waiting.length > 0) this.send(tenantId, lane);
        else if (lane.underWay === 0) this.lanes.delete(tenantId);
      });
    }
  }

  private async call(batch: readonly Waiting[]): Promise<void> {
    try {
      const results = await this.query(
        batch.map((waiting) => waiting.input),
        batch[0]!.deadline - performance.now(),
      );
      batch.forEach((waiting, i) => waiting.answer(results[i]));
    } catch (error) {
      if (batch.length > 1 && error instanceof QueryRefused) {
        // One input that OPA cannot evaluate must not fail its neighbours.
        for (const waiting of batch) await this.call([waiting]);
        return;
      }
      const failure = new OpaUnreachable(`OPA at ${this.options.url}: ${(error as Error).message}`, { cause: error });
      for (const waiting of batch) waiting.fail(failure);
    }
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
    if (statusCode === 500) throw new QueryRefused(`answered 500: ${text.slice(0, 300)}`);
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

/** OPA answered that the evaluation itself failed. */
class QueryRefused extends Error {}
