import { createHash } from 'node:crypto';
import type { Octokit } from 'octokit';
import { mapAtMost } from '../at-most.ts';
import { VendorError, type SyncPage, type VendorAccess } from '../connector.ts';
import { Refused } from '../refused.ts';
import { instantIn, type Json } from '../vendor-json.ts';
import type { WorkItem } from '../work-item.ts';
import { call, githubFor } from './client.ts';
import { readCursor, writeCursor, type GithubCursor } from './cursor.ts';
import { threadId } from './items.ts';
import { githubConfig, loginOf, type GithubConfig } from './person.ts';
import { repositoryOf, Threads } from './threads.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
/** The index lags behind: so much is read again, and what is known left out. */
const OVERLAP = 10 * MINUTE;
/** What a person does themselves, and what is taken from them, makes no notification: so often the searches are made anyway. */
const CHECK_EVERY = 5 * MINUTE;
const SETTLED = 2_000;
const FULL_EVERY = DAY;
/** A task is active for that long. Source: DOMAIN rules, section 4. */
const OPEN_DAYS = 90;
const CLOSED_DAYS = 14;
const AT_ONCE = 4;
const PAGE = 50;

/** @throws VendorError */
export async function* syncGithub(access: VendorAccess, text: string | null): AsyncGenerator<SyncPage> {
  const config = githubConfig.parse(access.config);
  const settings = createHash('sha256')
    .update(JSON.stringify([access.baseUrl, access.account.email, config]))
    .digest('base64url')
    .slice(0, 16);
  const github = githubFor(access);
  const read = readCursor(text, settings);
  const cursor = read !== null && access.now() - read.full < FULL_EVERY ? read : null;
  const notified = await notificationsSince(github, access, cursor);
  if (cursor !== null && notified.unchanged && access.now() - cursor.checked < CHECK_EVERY) {
    yield { items: [], gone: [], full: false, cursor: writeCursor(cursor), last: true };
    return;
  }
  const login = cursor?.login ?? (await loginOf(github, access, config));
  yield* new GithubSync(access, config, new Threads(github, access, login), {
    v: 1,
    login,
    settings,
    full: cursor?.full ?? access.now(),
    checked: access.now(),
    since: cursor?.since ?? 0,
    seen: cursor?.seen ?? {},
    asked: cursor === null ? {} : cursor.asked,
    etag: notified.etag,
  }).run(cursor === null);
}

/** An account where nothing has happened costs one request that counts against no limit. */
async function notificationsSince(github: Octokit, access: VendorAccess, cursor: GithubCursor | null) {
  if (cursor?.etag === null) return { unchanged: false, etag: null };
  try {
    const headers = cursor === null || cursor.etag === '' ? {} : { 'if-none-match': cursor.etag };
    const list = github.rest.activity.listNotificationsForAuthenticatedUser({ all: true, per_page: 50, headers });
    const answer = await call(access, list);
    return { unchanged: false, etag: String(answer.headers['etag'] ?? '').slice(0, 300) };
  } catch (error) {
    if (error instanceof Refused && error.status === 304) return { unchanged: true, etag: cursor!.etag };
    // Apps and fine-grained tokens may not read notifications.
    if (error instanceof VendorError && ['forbidden', 'not_found'].includes(error.failure))
      return { unchanged: false, etag: null };
    throw error;
  }
}

interface Candidate {
  readonly id: string;
  readonly repository: string;
  readonly number: number;
  readonly hit: Json | null;
  readonly updated: number;
}

class GithubSync {
  constructor(
    private readonly access: VendorAccess,
    private readonly config: GithubConfig,
    private readonly threads: Threads,
    private cursor: GithubCursor,
  ) {}

  async *run(full: boolean): AsyncGenerator<SyncPage> {
    const began = this.access.now();
    const { login, since } = this.cursor;
    const from = new Date(full ? began - OPEN_DAYS * DAY : since).toISOString().replace(/\.\d+Z$/, 'Z');
    const requested = await this.find(`is:pr is:open review-requested:${login}`);
    const assigned = await this.find(`is:issue is:open assignee:${login}`);
    const changed = [
      ...(await this.find(`is:issue involves:${login} updated:>=${from}`)),
      ...(await this.find(`is:pr involves:${login} updated:>=${from}`)),
      ...(await this.find(`is:pr reviewed-by:${login} updated:>=${from}`)),
    ];
    const isRequested = new Set(requested.map(({ id }) => id));
    const there = new Set([...isRequested, ...assigned.map(({ id }) => id)]);
    const found = new Map([...changed, ...requested, ...assigned].map((one) => [one.id, one]));
    const todo = [...found.values()].filter((one) => (full ? isWorthIt(one, began) : this.isNew(one)));
    // What was asked for and is not found any more is looked at: taken away, answered, deleted, or only late in the index.
    for (const id of Object.keys(full ? {} : (this.cursor.asked ?? {}))) {
      if (there.has(id) || todo.some((one) => one.id === id)) continue;
      const [repository, number] = id.split('#') as [string, string];
      todo.push({ id, repository, number: Number(number), hit: null, updated: 0 });
    }
    yield* this.deliver(todo, isRequested, full, began);
  }

  /** Changed since, or not known at all though it is old: its repository may have been shared only now. */
  private isNew({ id, updated }: Candidate): boolean {
    const { seen, since, asked } = this.cursor;
    if (updated >= since) return seen[id] !== updated;
    return asked !== null && !(id in asked);
  }

  private async *deliver(
    todo: readonly Candidate[],
    requested: ReadonlySet<string>,
    full: boolean,
    began: number,
  ): AsyncGenerator<SyncPage> {
    const before = { ...this.cursor };
    const since = began - OVERLAP;
    const seen: Record<string, number> = { ...before.seen };
    const asked = before.asked === null ? null : { ...before.asked };
    for (let at = 0; at === 0 || at < todo.length; at += PAGE) {
      const part = todo.slice(at, at + PAGE);
      const results = await mapAtMost(AT_ONCE, part, (one) =>
        this.threads.item(one.repository, one.number, one.hit, requested.has(one.id)),
      );
      const items: WorkItem[] = [];
      const gone: string[] = [];
      part.forEach(({ id, updated }, place) => {
        const item = results[place]!;
        if (item === null) gone.push(id);
        else items.push(item);
        // The vendor's times are to the second: in one that is not over yet, something more may happen.
        if (updated >= since && updated < began - SETTLED) seen[id] = updated;
        if (asked === null) return;
        if (item?.done === null && item.reasons.includes('review_requested')) asked[id] = 'r';
        else if (item?.done === null && item.reasons.includes('assigned') && item.kind === 'issue') asked[id] = 'a';
        else delete asked[id];
      });
      const last = at + PAGE >= todo.length;
      // Newest first: until the last page has come, a sync that is interrupted begins again where this one did.
      this.cursor = last
        ? { ...before, since, seen, asked }
        : { ...before, ...(full ? { settings: '' } : { checked: 0 }) };
      yield { items, gone, full, first: full && at === 0, cursor: writeCursor(this.cursor), last };
    }
  }

  private async find(q: string): Promise<Candidate[]> {
    const owners = this.config.owners ?? [];
    const queries = owners.length === 0 ? [q] : owners.map((owner) => `${q} user:${owner}`);
    const found: Candidate[] = [];
    for (const query of queries) {
      for (const hit of await this.threads.search(query)) {
        const repository = repositoryOf(hit);
        const id = threadId(repository, hit['number']);
        if (id !== null)
          found.push({
            id,
            repository,
            number: hit['number'] as number,
            hit,
            updated: instantIn(hit['updated_at']) ?? 0,
          });
      }
    }
    return found;
  }
}

/** What has been closed long ago is no use to anybody. */
function isWorthIt({ hit, updated }: Candidate, now: number): boolean {
  return hit?.['state'] !== 'closed' || updated >= now - CLOSED_DAYS * DAY;
}
