import { DateTime } from 'luxon';
import { z } from 'zod';
import type { SyncPage, VendorAccess } from '../connector.ts';
import { call, GoogleRefused, listOf } from '../google/call.ts';
import type { WorkItem } from '../work-item.ts';
import { clientFor, FILE_FIELDS, type GoogleFile } from './client.ts';
import { commentsOnEach } from './comments.ts';
import { REVIEW_DAYS, toWorkItem } from './items.ts';

const PAGE = 100;
const DAY = 86_400_000;
/** How far back documents are read at first, by when they were last changed: no task is active for longer. */
export const USUAL_DAYS = 90;

/** Where a sync goes on: behind a page token of `changes.list`, or within a full sync at one of its two lists. */
const cursorSchema = z.object({
  /** The person's day of the last sync, such as `2026-11-25`. */
  day: z.string(),
  /** From here on changes are read, when the full sync is through. */
  token: z.string(),
  full: z.object({ list: z.enum(['changed', 'shared']), page: z.string().optional() }).optional(),
});
type Cursor = z.infer<typeof cursorSchema>;

export async function* sync(access: VendorAccess, text: string | null): AsyncGenerator<SyncPage> {
  const known = parse(text);
  if (known !== null) {
    try {
      yield* known.full === undefined ? changes(access, known) : everything(access, known);
      return;
    } catch (error) {
      if (!hasExpired(error)) throw error;
    }
  }
  // The token comes before the lists: what changes while they are read comes again with the changes.
  const client = clientFor(access);
  const { startPageToken } = await call('gdrive: the changes', client.changes.getStartPageToken({}));
  yield* everything(access, { day: today(access), token: startPageToken ?? '', full: { list: 'changed' } });
}

/**
 * Documents changed in the last months, then those changed before but shared lately: by when a document was shared one can
 * sort, but not search.
 */
async function* everything(access: VendorAccess, start: Cursor): AsyncGenerator<SyncPage> {
  const { day, token } = start;
  const days = typeof access.config.days === 'number' ? access.config.days : USUAL_DAYS;
  const since = DateTime.fromISO(day, { zone: access.account.timeZone }).minus({ days });
  const instant = since.toUTC().toISO() ?? '';
  let first = start.full?.list === 'changed' && start.full.page === undefined;
  for (let at = start.full; at !== undefined; first = false) {
    const list = at.list;
    const found = await listFiles(
      access,
      list === 'changed' ? `modifiedTime > '${instant}'` : `sharedWithMe = true and modifiedTime <= '${instant}'`,
      list === 'changed' ? 'modifiedTime desc' : 'sharedWithMeTime desc',
      at.page,
    );
    const recent = list === 'changed' ? found.files : found.files.filter((file) => sharedSince(file, since.toMillis()));
    const more = found.page !== undefined && recent.length === found.files.length;
    at = more ? { list, page: found.page } : list === 'changed' ? { list: 'shared' } : undefined;
    const { items } = await itemsOf(access, recent);
    const cursor: Cursor = { day, token, ...(at === undefined ? {} : { full: at }) };
    yield { items, gone: [], full: true, first, cursor: JSON.stringify(cursor), last: at === undefined };
  }
}

async function* changes(access: VendorAccess, start: Cursor): AsyncGenerator<SyncPage> {
  const day = today(access);
  // First the changes, so that an unknown token is found out before anything is given.
  for (let token = start.token, last = false; !last;) {
    const answer = await call(
      'gdrive: the changes',
      clientFor(access).changes.list({
        pageToken: token,
        pageSize: PAGE,
        includeRemoved: true,
        fields: `nextPageToken,newStartPageToken,changes(changeType,removed,fileId,file(${FILE_FIELDS}))`,
      }),
    );
    const found = listOf(answer.changes).filter(({ changeType }) => changeType == null || changeType === 'file');
    const removed = found.flatMap(({ removed, file, fileId }) =>
      fileId != null && (removed === true || file == null) ? [fileId] : [],
    );
    const present = found.flatMap(({ removed, file }) => (removed !== true && file != null ? [file] : []));
    const { items, gone } = await itemsOf(access, present);
    const next = answer.nextPageToken ?? undefined;
    token = next ?? answer.newStartPageToken ?? token;
    last = next === undefined && day === start.day;
    const cursor: Cursor = { day: start.day, token };
    yield { items, gone: [...removed, ...gone], full: false, cursor: JSON.stringify(cursor), last };
    if (next === undefined) {
      if (!last)
        yield {
          ...(await expired(access, start.day)),
          full: false,
          cursor: JSON.stringify({ day, token }),
          last: true,
        };
      return;
    }
  }
}

/** Documents that, since the last day of a sync, have been shared for too long to wait for a review: nothing changed but time. */
async function expired(access: VendorAccess, day: string): Promise<{ items: WorkItem[]; gone: string[] }> {
  const from = DateTime.fromISO(day, { zone: access.account.timeZone }).toMillis() - REVIEW_DAYS * DAY;
  const until = access.now() - REVIEW_DAYS * DAY;
  const due: GoogleFile[] = [];
  let page: string | undefined;
  do {
    const found = await listFiles(access, 'sharedWithMe = true', 'sharedWithMeTime desc', page);
    const recent = found.files.filter((file) => sharedSince(file, from));
    for (const file of recent) if (!sharedSince(file, until)) due.push(file);
    page = recent.length === found.files.length ? found.page : undefined;
  } while (page !== undefined);
  return itemsOf(access, due);
}

async function listFiles(access: VendorAccess, which: string, orderBy: string, page: string | undefined) {
  const answer = await call(
    'gdrive: the files',
    clientFor(access).files.list({
      q: `trashed = false and mimeType != 'application/vnd.google-apps.folder' and ${which}`,
      orderBy,
      pageSize: PAGE,
      fields: `nextPageToken,files(${FILE_FIELDS})`,
      ...(page === undefined ? {} : { pageToken: page }),
    }),
  );
  return { files: listOf(answer.files), page: answer.nextPageToken ?? undefined };
}

/** What of these files is work or was, and the ids of the others. */
async function itemsOf(
  access: VendorAccess,
  files: readonly GoogleFile[],
): Promise<{ items: WorkItem[]; gone: string[] }> {
  const comments = await commentsOnEach(access, files);
  const items: WorkItem[] = [];
  const gone: string[] = [];
  files.forEach((file, at) => {
    const item = toWorkItem(file, comments[at] ?? [], access.account, access.now());
    if (item !== null) items.push(item);
    else if (typeof file.id === 'string') gone.push(file.id);
  });
  return { items, gone };
}

function sharedSince({ sharedWithMeTime }: GoogleFile, instant: number): boolean {
  return Date.parse(sharedWithMeTime ?? '') >= instant;
}

function today({ now, account }: VendorAccess): string {
  return DateTime.fromMillis(now(), { zone: account.timeZone }).toISODate() ?? '';
}

/** Google answers an unknown page token with 400 or 404, and says of some that they are gone. */
function hasExpired(error: unknown): boolean {
  return error instanceof GoogleRefused && [400, 404, 410].includes(error.status);
}

function parse(text: string | null): Cursor | null {
  try {
    return text === null ? null : cursorSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
