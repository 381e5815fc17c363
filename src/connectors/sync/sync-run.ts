import { type Classification, higher, isAbove } from '#libs/classification';
import type { Database, Transaction } from '#libs/database';
import { type Connector, type SyncPage, VendorError } from '../connector.ts';
import * as sql from '../connectors.sql.ts';
import type { ArrivedMail } from '../new-mail.ts';
import type { WorkItem } from '../work-item.ts';
import { cleanItem, latest } from './clean-item.ts';

const CURSOR_LIMIT = 16_384;

/** Another process has the row now. */
export class LeaseLost extends Error {}

export interface SyncRunParts {
  readonly database: Database;
  readonly row: sql.ConnectorRow;
  readonly userId: string;
  readonly lease: { readonly owner: string; readonly seconds: number };
  /** Whether policy lets a thing with this label be known here. */
  readonly mayKeep: (item: WorkItem) => Promise<boolean>;
  /** Told of each new message in the transaction of its page, and once afterwards. */
  readonly mail: {
    readonly received: (tx: Transaction, mail: ArrivedMail) => Promise<void>;
    readonly stored: () => void;
  };
}

/** What one sync has seen so far. */
export interface SyncTally {
  pages: number;
  items: number;
  gone: number;
  /** Left out because of their label. */
  withheld: number;
  readonly labels: Set<Classification>;
  /** Ids of items that it has brought and that are kept. */
  readonly kept: Set<string>;
}

/** Follows a connector's pages, and stores each together with its cursor: a crash between two repeats at most one. */
export async function runSync(
  parts: SyncRunParts,
  connector: Connector,
  access: Parameters<Connector['sync']>[0],
  start: sql.SyncRow,
  tally: SyncTally,
): Promise<void> {
  let generation = Number(start.generation);
  // A full sync that was cut goes on under its number; where it begins anew, what it had seen counts no more.
  let full = start.cursor === null || start.full_generation === null ? undefined : Number(start.full_generation);
  let complete = false;
  for await (const page of connector.sync(access, start.cursor)) {
    if (page.cursor.length > CURSOR_LIMIT)
      throw new VendorError('garbled', `${connector.type}: the cursor is too long`);
    if (page.full && (full === undefined || page.first === true)) full = ++generation;
    if (!page.full) full = undefined;
    await storePage(parts, page, generation, full, tally);
    if (page.last) {
      complete = true;
      break;
    }
  }
  if (!complete) throw new VendorError('garbled', `${connector.type}: the sync ended without its last page`);
}

async function storePage(
  { database, row, userId, lease, mayKeep, mail }: SyncRunParts,
  page: SyncPage,
  generation: number,
  full: number | undefined,
  tally: SyncTally,
): Promise<void> {
  const kept: WorkItem[] = [];
  const gone = new Set(page.gone);
  for (const given of latest(page.items)) {
    const item = cleanItem(given, row.type);
    if (!item) continue;
    if (await mayKeep(item)) {
      kept.push(item);
      tally.kept.add(item.id);
      tally.labels.add(item.classification);
    } else {
      tally.withheld++;
      tally.kept.delete(item.id);
      gone.add(item.id);
    }
  }
  // Of a thread that is too sensitive to be known here, its mail is not passed on either.
  const arrived = (page.full ? [] : (page.mail ?? [])).filter(({ threadId }) => tally.kept.has(threadId));
  await database.tenant(row.tenant_id, async (tx) => {
    const stillFull = full !== undefined && !page.last ? full : null;
    const [held]: [unknown[], number] = await tx.query(sql.KEEP_CURSOR, [
      row.id,
      userId,
      lease.owner,
      page.cursor.replaceAll('\0', ''),
      generation,
      lease.seconds,
      stillFull,
    ]);
    if (held.length === 0) throw new LeaseLost();
    if (gone.size > 0)
      await tx.query(sql.REMOVE_ITEMS, [userId, row.type, [...gone].filter((id) => !id.includes('\0'))]);
    if (kept.length > 0)
      await tx.query(sql.PUT_ITEMS, [row.tenant_id, userId, row.type, row.id, generation, JSON.stringify(kept)]);
    if (full !== undefined && page.last) await tx.query(sql.REMOVE_UNSEEN, [userId, row.id, full]);
    for (const one of arrived) await mail.received(tx, one);
  });
  if (arrived.length > 0) mail.stored();
  tally.pages++;
  tally.items += kept.length;
  tally.gone += gone.size;
}

/** Asks policy once for each label above the default, and remembers the answer for this sync. */
export function keeper(
  base: Classification,
  ask: (kind: string, label: Classification) => Promise<boolean>,
): (item: WorkItem) => Promise<boolean> {
  const answers = new Map<string, Promise<boolean>>();
  return ({ kind, classification }) => {
    if (!isAbove(classification, base)) return Promise.resolve(true);
    const key = `${kind}/${classification}`;
    let answer = answers.get(key);
    if (!answer) answers.set(key, (answer = ask(kind, higher(classification, base))));
    return answer;
  };
}
