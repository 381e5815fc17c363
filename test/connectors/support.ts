import { type Connector, CONNECTORS, type ConnectorType, type Registry, VendorError, type WorkItem } from '#connectors';
import { EmulatorServer } from '#libs/emulators';
import { z } from 'zod';
import { startTestGateway, type TestGateway } from '../harness/gateway.ts';

/** What an account of the small vendor holds: item by id. */
export type Account = Map<string, WorkItem>;

/** A vendor as small as one can be, with a connector for it in the place of a real one. */
export interface SmallVendor {
  readonly server: EmulatorServer;
  account(email: string): Account;
  /** Raised with each change, so that a sync can ask for what is new. */
  put(email: string, item: WorkItem): void;
  drop(email: string, id: string): void;
  /** The places inside lists that were given out so far lead nowhere any more. */
  forgetPages(): void;
  readonly connector: Connector;
}

const PAGE = 2;

export async function startSmallVendor(type: ConnectorType): Promise<SmallVendor> {
  let era = 0;
  const accounts = new Map<string, { items: Account; log: { id: string; item: WorkItem | null }[] }>();
  const of = (email: string) => {
    let account = accounts.get(email);
    if (!account) accounts.set(email, (account = { items: new Map(), log: [] }));
    return account;
  };
  const server: EmulatorServer = await EmulatorServer.listen({
    unauthorised: () => ({ status: 401, body: { message: 'who?' } }),
    isOpen: ({ path }) => path === '/token',
    answer: ({ path, query, email, method, body }) => {
      const { items, log } = of(email);
      if (path === '/token') {
        const form = new URLSearchParams(body.toString());
        server.record(form.get('refresh_token') ?? '', 'refresh', {});
        if (form.get('refresh_token') !== 'refresh-1') return { status: 400, body: { error: 'invalid_grant' } };
        server.addToken('fresh-token', 'alice@acme.test');
        return { status: 200, body: { access_token: 'fresh-token', refresh_token: 'refresh-2', expires_in: 3600 } };
      }
      if (path === '/items') {
        if (Number(query.get('era') ?? era) !== era) return { status: 410, body: {} };
        const from = Number(query.get('from') ?? 0);
        const all = [...items.values()];
        return {
          status: 200,
          body: { items: all.slice(from, from + PAGE), more: from + PAGE < all.length, at: log.length, era },
        };
      }
      if (path === '/changes') {
        const since = Number(query.get('since'));
        if (since > log.length) return { status: 410, body: {} };
        return { status: 200, body: { changes: log.slice(since), at: log.length } };
      }
      if (path === '/notes' && method === 'POST') {
        server.record(email, 'note', JSON.parse(body.toString()) as Record<string, unknown>);
        return { status: 201, body: { ok: true } };
      }
      if (path === '/text') return { status: 200, body: { text: query.get('text') } };
      return { status: 404, body: {} };
    },
  });
  const ask = async (access: Parameters<Connector['sync']>[0], path: string, init?: RequestInit) => {
    const response = await access.fetch(access.baseUrl + path, init);
    if (response.status === 410) return undefined;
    if (!response.ok) throw new VendorError('invalid', `${type}: answered ${response.status}`);
    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    return (await response.json()) as any;
  };
  const connector: Connector = {
    type,
    defaultBaseUrl: server.url,
    syncAction: `${type}_read`,
    config: z.strictObject({ projects: z.array(z.string()).optional() }) as never,
    async *sync(access, cursor) {
      if (cursor?.startsWith('at:')) {
        const answer = await ask(access, `/changes?since=${cursor.slice(3)}`);
        if (answer) {
          const changes = answer.changes as { id: string; item: WorkItem | null }[];
          const gone = changes.filter(({ item }) => item === null).map(({ id }) => id);
          const items = changes.flatMap(({ item }) => (item ? [item] : []));
          yield { items, gone, full: false, cursor: `at:${answer.at}`, last: true };
          return;
        }
        cursor = null;
      }
      let [, from = 0, at, era] = cursor ? cursor.split(':').map(Number) : [];
      for (;;) {
        const answer = await ask(access, `/items?from=${from}${era === undefined ? '' : `&era=${era}`}`);
        if (!answer) {
          [from, at, era] = [0, undefined, undefined];
          continue;
        }
        at ??= answer.at as number;
        era = answer.era as number;
        const first = from === 0;
        from += PAGE;
        const next = answer.more ? `page:${from}:${at}:${era}` : `at:${at}`;
        yield { items: answer.items, gone: [], full: true, first, cursor: next, last: !answer.more };
        if (!answer.more) return;
      }
    },
    reads: {
      text: {
        schema: z.strictObject({ text: z.string() }),
        summary: 'a text',
        action: `${type}_read`,
        run: (access, input) => ask(access, `/text?text=${encodeURIComponent((input as { text: string }).text)}`),
      },
    },
    writes: {
      note: {
        schema: z.strictObject({ text: z.string() }),
        summary: 'a note',
        action: `${type}_comment`,
        run: (access, input) => ask(access, '/notes', { method: 'POST', body: JSON.stringify(input) }),
      },
      forbidden: {
        schema: z.strictObject({}),
        summary: 'what policy asks a person for',
        action: `${type}_merge`,
        run: () => Promise.reject(new Error('must never run')),
      },
    },
  };
  return {
    server,
    connector,
    account: (email) => of(email).items,
    put: (email, item) => {
      of(email).items.set(item.id, item);
      of(email).log.push({ id: item.id, item });
    },
    forgetPages: () => {
      era++;
    },
    drop: (email, id) => {
      of(email).items.delete(id);
      of(email).log.push({ id, item: null });
    },
  };
}

/** A gateway whose connector of that type is the small vendor's. */
export async function gatewayWith(vendor: SmallVendor, env: Record<string, string> = {}): Promise<TestGateway> {
  const gateway = await startTestGateway({
    env: { CONNECTOR_PRIVATE_HOSTS: new URL(vendor.server.url).host, CONNECTOR_ATTEMPTS: '3', ...env },
  });
  const registry = gateway.app.get<Record<string, Connector> & Registry>(CONNECTORS, { strict: false });
  (registry as Record<string, Connector>)[vendor.connector.type] = vendor.connector;
  return gateway;
}

export function item(id: string, more: Partial<WorkItem> = {}): WorkItem {
  const at = '2026-11-25T08:00:00Z';
  return {
    ...{ system: 'github', id, kind: 'issue', url: null, title: `Item ${id}`, words: [], names: [], references: [] },
    ...{ reasons: ['assigned'], asker: null, followUps: 0, blocks: 0, createdAt: at, updatedAt: at, deadline: null },
    ...{ sla: null, event: null, done: null, classification: 'internal' },
    ...more,
  } as WorkItem;
}
