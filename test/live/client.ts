import { once } from 'node:events';
import { type ClientOptions, WebSocket } from 'ws';
import type { TestGateway } from '../harness/gateway.ts';
import { until } from '../harness/until.ts';

export interface Frame {
  readonly type: 'res' | 'event';
  readonly id: string | null;
  readonly ok: boolean;
  readonly event: string;
  readonly seq: number;
  // A test reads the field it expects; its absence fails the expectation.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly payload: any;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly error: any;
}

/** An assistant's end of `/ws`. */
export class LiveClient {
  readonly frames: Frame[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  private n = 0;

  private constructor(readonly ws: WebSocket) {
    ws.on('message', (data) => this.frames.push(JSON.parse(String(data)) as Frame));
    ws.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      ws.once('close', (code, reason) => resolve({ code, reason: String(reason) }));
    });
  }

  /** Opens a connection without a word. */
  static async open(url: string, options: ClientOptions = {}): Promise<LiveClient> {
    const ws = new WebSocket(`${url.replace(/^http/, 'ws')}/ws`, options);
    const client = new LiveClient(ws);
    await once(ws, 'open');
    return client;
  }

  /** Opens one and connects with a person's or an assistant's token. */
  static async connect(
    gateway: Pick<TestGateway, 'url' | 'token'>,
    who: string,
    params: Record<string, unknown> = {},
  ): Promise<LiveClient> {
    const client = await LiveClient.open(gateway.url);
    const answer = await client.hello(await tokenOf(gateway, who), params);
    if (!answer.ok) throw new Error(`not connected: ${JSON.stringify(answer.error)}`);
    return client;
  }

  hello(token: string, params: Record<string, unknown> = {}): Promise<Frame> {
    return this.request('connect', { token, instanceId: 'test', ...params });
  }

  async request(method: string, params?: unknown): Promise<Frame> {
    const id = `r${++this.n}`;
    this.ws.send(JSON.stringify({ type: 'req', id, method, ...(params === undefined ? {} : { params }) }));
    return this.answer(id);
  }

  answer(id: string): Promise<Frame> {
    return until(`there is an answer to ${id}`, () =>
      this.frames.find((frame) => frame.type === 'res' && frame.id === id),
    );
  }

  get events(): Frame[] {
    return this.frames.filter(({ type }) => type === 'event');
  }

  /** Numbers of the stored events that came, in the order in which they came. */
  get seqs(): number[] {
    return this.events.filter(({ event }) => event !== 'policy.revision').map(({ seq }) => seq);
  }

  async end(): Promise<void> {
    this.ws.close();
    await this.closed;
  }
}

export function tokenOf(gateway: Pick<TestGateway, 'token'>, who: string): Promise<string> {
  return who.includes('@') ? gateway.token(who) : Promise.resolve(who);
}

/** An assistant's token, made by the tenant's administrator. */
export async function agentToken(
  gateway: TestGateway,
  userIds: readonly string[] | '*',
  admin = 'admin@acme.test',
): Promise<{ id: string; token: string }> {
  const { status, body } = await gateway.call(admin, 'POST', '/api/v1/agent-tokens', { name: 'test', userIds });
  if (status !== 201) throw new Error(JSON.stringify(body));
  return body as { id: string; token: string };
}
