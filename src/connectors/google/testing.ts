/** What tests of Google's connectors share: the access that the pipeline would give. */
import type { SyncPage, VendorAccess } from '../connector.ts';
import type { WorkItem } from '../work-item.ts';

/** `fetch` that signs with a token, and does nothing else. */
export function withToken(token: string): typeof globalThis.fetch {
  return (input, init) => {
    const headers = new Headers(init?.headers);
    headers.set('authorization', `Bearer ${token}`);
    return fetch(input, { ...init, headers });
  };
}

export function accessTo(baseUrl: string, changes: Partial<VendorAccess> = {}): VendorAccess {
  const account = { userId: 'u1', email: 'ana@acme.test', name: 'Ana', timeZone: 'Europe/Berlin' };
  return { baseUrl, fetch: withToken('t-ana'), account, config: {}, now: Date.now, operationId: null, ...changes };
}

export interface Synced {
  readonly items: WorkItem[];
  readonly gone: string[];
  readonly full: boolean;
  readonly pages: SyncPage[];
  readonly cursor: string;
}

/** A whole sync in one. */
export async function collect(pages: AsyncIterable<SyncPage>): Promise<Synced> {
  const all: SyncPage[] = [];
  for await (const page of pages) all.push(page);
  const last = all.at(-1);
  if (last?.last !== true || all.slice(0, -1).some((page) => page.last))
    throw new Error('a sync ends with its last page');
  return {
    items: all.flatMap((page) => page.items),
    gone: all.flatMap((page) => page.gone),
    full: last.full,
    pages: all,
    cursor: last.cursor,
  };
}
