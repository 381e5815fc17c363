import { setTimeout as delay } from 'node:timers/promises';

/** An answer that is no success. */
export class ApiError extends Error {
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
  }

  /** The caller should try again: overloaded, or without its database for a moment. */
  get isPassing(): boolean {
    return this.status === 503 || this.status === 429;
  }
}

/** The API as the harness itself uses it, beside the load. */
export class Api {
  readonly url: string;
  private readonly token: string;

  constructor(url: string, token: string) {
    this.url = url;
    this.token = token;
  }

  /** @throws ApiError with the answer's words where it is not a success */
  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await this.raw(method, path, body);
    const text = await response.text();
    if (!response.ok) {
      throw new ApiError(`${method} ${path} was answered ${response.status}: ${text.slice(0, 500)}`, response.status);
    }
    return JSON.parse(text) as T;
  }

  /** The whole log that matches, a line at a time. */
  async *exportLines(query: string): AsyncGenerator<string, void> {
    const response = await this.raw('GET', `/api/v1/audit/export?format=jsonl&${query}`);
    if (!response.ok) throw new Error(`The export was answered ${response.status}: ${await response.text()}`);
    let rest = '';
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop()!;
      yield* lines;
    }
    if (rest !== '') yield rest;
  }

  /** Waits until every replica's OPA runs the newest policies. */
  async settled(withinMs: number, signal: AbortSignal): Promise<void> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const now = await this.revision().catch((error: unknown) => {
        if (error instanceof ApiError && error.isPassing) return undefined;
        throw error;
      });
      if (now && now.replicas.length > 0 && now.replicas.every((replica) => replica.active >= now.wanted)) return;
      if (performance.now() > deadline) throw new Error(`OPA does not run the newest revision after ${withinMs} ms.`);
      await delay(100, undefined, { signal });
    }
  }

  revision(): Promise<{ wanted: number; replicas: { id: string; active: number }[] }> {
    return this.call('GET', '/api/v1/policies/revision');
  }

  private raw(method: string, path: string, body?: unknown): Promise<Response> {
    return fetch(`${this.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }
}
