import type { SyncPage, VendorAccess } from '../../src/connectors/connector.ts';
import type { WorkItem } from '../../src/connectors/work-item.ts';

/** `fetch` that signs with a token, and does nothing else of what the pipeline's does. */
export function withToken(token: string): typeof globalThis.fetch {
  return (input, init) => {
    const headers = new Headers(init?.headers);
    headers.set('authorization', `Bearer ${token}`);
    return fetch(input, { ...init, headers });
  };
}

/** What the pipeline gives to a connector, for `ana@acme.test`. */
export function accessTo(baseUrl: string, changes: Partial<VendorAccess> = {}): VendorAccess {
  const account = { userId: 'u1', email: 'ana@acme.test', name: 'Ana', timeZone: 'Europe/Berlin' };
  return { baseUrl, fetch: withToken('t-ana'), account, config: {}, now: Date.now, operationId: null, ...changes };
}

export interface Synced {
  readonly items: readonly WorkItem[];
  readonly gone: readonly string[];
  readonly full: boolean;
  readonly pages: readonly SyncPage[];
  readonly cursor: string;
}

/** A whole sync in one. */
export async function collect(pages: AsyncIterable<SyncPage>): Promise<Synced> {
  const all: SyncPage[] = [];
  for await (const page of pages) all.push(page);
  const last = all.at(-1);
  if (last?.last !== true || all.filter((page) => page.last).length !== 1)
    throw new Error('a sync ends with its last page');
  for (const { cursor } of all) if (Buffer.byteLength(cursor) > 16_384) throw new Error('a cursor is at most 16 KiB');
  return {
    items: all.flatMap((page) => page.items),
    gone: all.flatMap((page) => page.gone),
    full: last.full,
    pages: all,
    cursor: last.cursor,
  };
}
