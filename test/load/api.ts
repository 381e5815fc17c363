import { setTimeout as delay } from 'node:timers/promises';

/** The API as the harness itself uses it, beside the load. */
export class Api {
  readonly url: string;
  private readonly token: string;

  constructor(url: string, token: string) {
    this.url = url;
    this.token = token;
  }

  /** @throws Error with the answer's words where it is not a success */
  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await this.raw(method, path, body);
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status}: ${text.slice(0, 500)}`);
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
      const { wanted, replicas } = await this.revision();
      if (replicas.length > 0 && replicas.every((replica) => replica.active >= wanted)) return;
      if (performance.now() > deadline) throw new Error(`OPA does not run revision ${wanted} after ${withinMs} ms.`);
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
