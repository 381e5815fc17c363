import { randomUUID } from 'node:crypto';
import { Agent, fetch, type Response } from 'undici';
import { CliError, Unreachable } from '../errors.ts';
import { toProblem } from './problem.ts';
import { retryAfterSeconds } from './retry-after.ts';

const TRIES = 4;
const CONNECT_MS = 5_000;
const ANSWER_MS = 60_000;

export interface ApiOptions {
  /** Where the service runs, without a slash at the end. */
  readonly url: string;
  readonly token?: string | undefined;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Gives up what is under way. */
  readonly stop: AbortSignal;
  /** Told before each wait that the server asked for. */
  readonly waiting: (line: string) => void;
}

export type Query = Readonly<Record<string, string | number | undefined>>;

interface Call {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  /** Statuses that are answers, not errors. */
  readonly accept?: readonly number[];
}

/** The service's API over HTTP. Refusals are thrown as CliError with their problem document. */
export class ApiClient {
  private readonly agent = new Agent({
    connect: { timeout: CONNECT_MS },
    headersTimeout: ANSWER_MS,
    bodyTimeout: ANSWER_MS,
  });

  constructor(private readonly options: ApiOptions) {}

  get url(): string {
    return this.options.url;
  }

  async get<T>(path: string, query: Query = {}): Promise<T> {
    return this.json<T>(await this.send({ method: 'GET', path: withQuery(path, query) }));
  }

  /** Sent with an Idempotency-Key, so that it can be repeated without acting twice. */
  async post<T>(path: string, body: unknown): Promise<T> {
    const headers = { 'Idempotency-Key': randomUUID() };
    return this.json<T>(await this.send({ method: 'POST', path, body, headers }));
  }

  /** @param version the version that is meant to be replaced, sent as `If-Match` */
  async put<T>(path: string, version: string, body: unknown): Promise<T> {
    return this.json<T>(await this.send({ method: 'PUT', path, body, headers: { 'If-Match': `"${version}"` } }));
  }

  /** The answer with its body unread. */
  async stream(path: string, query: Query): Promise<Response> {
    return this.send({ method: 'GET', path: withQuery(path, query) });
  }

  /** A probe: 503 is an answer too, and is not waited for. */
  async probe(path: string): Promise<{ status: number; body: unknown }> {
    const response = await this.once({ method: 'GET', path });
    const text = await this.text(response);
    try {
      return { status: response.status, body: JSON.parse(text) as unknown };
    } catch {
      return { status: response.status, body: text };
    }
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private async send(call: Call): Promise<Response> {
    for (let attempt = 1; ; attempt++) {
      const response = await this.once(call);
      if (response.ok) return response;
      const wait = this.waitFor(call, response);
      const text = await this.text(response);
      if (wait === undefined || attempt === TRIES) {
        const problem = toProblem(response.status, response.headers.get('content-type'), text);
        throw new CliError(problem.detail ?? problem.title, undefined, undefined, problem);
      }
      this.options.waiting(
        `The server is busy (${response.status}) and asked for ${wait} s; then try ${attempt + 1} of ${TRIES} …`,
      );
      await this.options.sleep(wait * 1000);
    }
  }

  /**
   * Seconds until the call may be repeated. 429 says that nothing was done, so anything may be; after 503 only what
   * cannot act twice.
   */
  private waitFor({ method }: Call, response: Response): number | undefined {
    if (response.status !== 429 && !(response.status === 503 && method !== 'PUT')) return undefined;
    return retryAfterSeconds(response.headers.get('retry-after'), this.options.now());
  }

  private async once({ method, path, headers, body }: Call): Promise<Response> {
    const { url, token } = this.options;
    try {
      return await fetch(`${url}${path}`, {
        method,
        dispatcher: this.agent,
        signal: this.options.stop,
        redirect: 'manual',
        headers: {
          Accept: 'application/json, application/problem+json',
          ...(token ? { Authorization: `Bearer ${token}` } : {}),
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (error) {
      throw new Unreachable(url, whyUnreachable(error));
    }
  }

  private async json<T>(response: Response): Promise<T> {
    const text = await this.text(response);
    try {
      return JSON.parse(text) as T;
    } catch {
      const problem = toProblem(response.status, null, text);
      throw new CliError(`${this.url} answered with something that is no JSON.`, undefined, undefined, problem);
    }
  }

  private async text(response: Response): Promise<string> {
    try {
      return await response.text();
    } catch (error) {
      throw new Unreachable(this.options.url, whyUnreachable(error));
    }
  }
}

/** Appends what is given of a query. */
export function withQuery(path: string, query: Query): string {
  const given = Object.entries(query).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given).toString()}`;
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the host name cannot be looked up now',
  ECONNRESET: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  UND_ERR_CONNECT_TIMEOUT: `no connection within ${CONNECT_MS / 1000} s`,
  UND_ERR_HEADERS_TIMEOUT: `no answer within ${ANSWER_MS / 1000} s`,
  UND_ERR_BODY_TIMEOUT: `the answer stopped for ${ANSWER_MS / 1000} s`,
  HPE_INVALID_CONSTANT: 'what listens there does not speak HTTP',
};

/** Why a request got no answer, in a few words. */
export function whyUnreachable(error: unknown): string {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const inner = at instanceof AggregateError ? (at.errors[0] as { code?: unknown } | undefined) : undefined;
    const code = (at as { code?: unknown }).code ?? inner?.code;
    if (typeof code === 'string' && WORDS[code]) return WORDS[code];
    if (typeof code === 'string' && code.startsWith('HPE_')) return WORDS.HPE_INVALID_CONSTANT!;
    if (!(at.cause instanceof Error)) return at.message || String(code ?? 'unknown fault');
  }
  return String(error);
}
