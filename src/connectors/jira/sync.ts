import { createHash } from 'node:crypto';
import { mapAtMost } from '../at-most.ts';
import type { SyncPage, VendorAccess } from '../connector.ts';
import { Refused } from '../refused.ts';
import { instantIn, objectIn, objectsIn, textIn, type Json } from '../vendor-json.ts';
import type { WorkItem } from '../work-item.ts';
import { jiraFor, type Jira } from './client.ts';
import { readCursor, writeCursor, type JiraCursor } from './cursor.ts';
import { Issues } from './issues.ts';
import { keyOf } from './items.ts';
import { jiraConfig, personOf, type JiraConfig } from './person.ts';
import { concerning, concerningOnce, jqlTime, quoted } from './queries.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
/** Jira's index lags behind, and its times in queries are to the minute: so much is read again, and what is known left out. */
const OVERLAP = 10 * MINUTE;
/** Unwatching and deleting change no `updated`: so often the open issues are compared with those known. */
const CHECK_EVERY = 10 * MINUTE;
const FULL_EVERY = DAY;
const CLOSED_DAYS = 14;

/** @throws VendorError */
export async function* syncJira(access: VendorAccess, text: string | null): AsyncGenerator<SyncPage> {
  const config = jiraConfig.parse(access.config);
  const settings = settingsOf(access, config);
  const jira = await jiraFor(access);
  const cursor = readCursor(text, settings);
  const due = cursor === null || (cursor.page === undefined && access.now() - cursor.full >= FULL_EVERY);
  const sync = new JiraSync(access, config, jira, due ? await startOf(access, config, jira, settings) : cursor);
  yield* sync.isFull ? sync.full(due) : sync.changes();
}

/** A cursor holds only for the settings it was made under. */
function settingsOf({ baseUrl, account }: VendorAccess, config: JiraConfig): string {
  return createHash('sha256')
    .update(JSON.stringify([baseUrl, account.email, config]))
    .digest('base64url')
    .slice(0, 16);
}

async function startOf(access: VendorAccess, config: JiraConfig, jira: Jira, settings: string): Promise<JiraCursor> {
  const { api, client } = jira;
  const now = access.now();
  const [person, server, fields] = await Promise.all([
    personOf(jira, access, config),
    api.getServerInfo(client).then(objectIn),
    api.getFields(client).then(objectsIn),
  ]);
  return {
    v: 1,
    person,
    site: (textIn(server['baseUrl']) || access.baseUrl).replace(/\/+$/, ''),
    slaFields: fields
      .filter(isSla)
      .map((one) => textIn(one['id']))
      .slice(0, 20),
    settings,
    skew: (instantIn(server['serverTime']) ?? now) - now,
    full: now,
    since: now,
    seen: {},
    known: [],
    checked: now,
    page: '',
  };
}

function isSla(field: Json): boolean {
  const { custom } = objectIn(field['schema']);
  return custom === 'com.atlassian.servicedesk:sd-sla-field' && /^\w+$/.test(textIn(field['id']));
}

class JiraSync {
  private readonly issues: Issues;
  private readonly known: Set<string>;
  private readonly delivered = new Set<string>();

  constructor(
    private readonly access: VendorAccess,
    private readonly config: JiraConfig,
    jira: Jira,
    private cursor: JiraCursor,
  ) {
    const { person, site, slaFields } = cursor;
    this.issues = new Issues(jira, person, { accountId: person.accountId, site, slaFields, now: access.now() });
    this.known = new Set(cursor.known ?? []);
  }

  get isFull(): boolean {
    return this.cursor.page !== undefined;
  }

  /** By key, which no change to an issue moves, so that no page loses one to another. */
  async *full(fresh: boolean): AsyncGenerator<SyncPage> {
    const { person, full, skew } = this.cursor;
    const closedSince = jqlTime(full + skew - CLOSED_DAYS * DAY, person.zone);
    const jql = `${concerning(person, this.config)} AND (statusCategory != Done OR updated >= "${closedSince}") ORDER BY key ASC`;
    const since = floorToMinute(full + skew - OVERLAP);
    for (let token = this.cursor.page; token !== undefined;) {
      let found;
      try {
        found = await this.issues.page(jql, token || undefined);
      } catch (error) {
        // A token that has expired: from the start.
        if (!(error instanceof Refused && error.status === 400 && token !== '' && !fresh)) throw error;
        found = await this.issues.page(jql);
        token = '';
      }
      fresh = true;
      const first = token === '';
      const { items } = await this.deliver(found.issues, since);
      token = found.next;
      this.cursor = { ...this.cursor, since, page: token };
      yield { ...this.step(items, [], true, token === undefined), first };
    }
  }

  async *changes(): AsyncGenerator<SyncPage> {
    const { person, since, seen, skew } = this.cursor;
    const began = this.access.now() + skew;
    const jql = `${concerningOnce(person, this.config)} AND updated >= "${jqlTime(since, person.zone)}" ORDER BY updated ASC, key ASC`;
    const check = this.cursor.known !== null && this.access.now() - this.cursor.checked >= CHECK_EVERY;
    let token: string | undefined;
    do {
      const { issues, next } = await this.issues.page(jql, token);
      token = next;
      const changed = issues.filter((one) => seen[keyOf(one) ?? ''] !== updatedAt(one));
      const newest = token === undefined ? began : Math.max(since, ...issues.map(updatedAt));
      const reached = Math.max(since, floorToMinute(Math.min(newest, began) - OVERLAP));
      const { items, gone } = await this.deliver(changed, reached);
      this.cursor = { ...this.cursor, since: reached };
      yield this.step(items, gone, false, token === undefined && !check);
    } while (token !== undefined);
    if (check) yield await this.check();
  }

  /** Compares what is there with what is known; each difference is looked at, so that a late index takes nothing away. */
  private async check(): Promise<SyncPage> {
    const open = new Set(
      await this.issues.keys(
        `${concerning(this.cursor.person, this.config)} AND statusCategory != Done ORDER BY key ASC`,
      ),
    );
    const missing = [...this.known].filter((key) => !open.has(key) && !this.delivered.has(key));
    const fresh = [...open].filter((key) => !this.known.has(key) && !this.delivered.has(key));
    const looked = await mapAtMost(4, missing, async (key) => ({ key, issue: await this.issues.one(key) }));
    const removed = looked.filter(({ issue }) => issue === undefined).map(({ key }) => key);
    for (const key of removed) this.known.delete(key);
    const left = looked.flatMap(({ issue }) => (issue === undefined ? [] : [issue]));
    const { items, gone } = await this.deliver([...left, ...(await this.byKeys(fresh))], this.cursor.since);
    this.cursor = { ...this.cursor, checked: this.access.now() };
    return this.step(items, [...removed, ...gone], false, true);
  }

  private async byKeys(keys: readonly string[]): Promise<Json[]> {
    const found: Json[] = [];
    for (let at = 0; at < keys.length; at += 100) {
      const batch = keys.slice(at, at + 100).map(quoted);
      try {
        found.push(...(await this.issues.page(`key in (${batch.join(', ')}) ORDER BY key ASC`)).issues);
      } catch (error) {
        // One of them has been deleted in between: the next check comes to the others.
        if (!(error instanceof Refused && error.status === 400)) throw error;
      }
    }
    return found;
  }

  /** @param since from when on what was delivered is held in the cursor */
  private async deliver(issues: readonly Json[], since: number): Promise<{ items: WorkItem[]; gone: string[] }> {
    const results = await this.issues.items(issues);
    const items: WorkItem[] = [];
    const gone: string[] = [];
    const seen = { ...this.cursor.seen };
    issues.forEach((issue, at) => {
      const key = keyOf(issue);
      if (key === null) return;
      const item = results[at]!;
      if (updatedAt(issue) >= since) seen[key] = updatedAt(issue);
      this.delivered.add(key);
      if (item === null) gone.push(key);
      else items.push(item);
      if (item === null || item.done !== null) this.known.delete(key);
      else this.known.add(key);
    });
    this.cursor = { ...this.cursor, seen };
    return { items, gone };
  }

  private step(items: readonly WorkItem[], gone: readonly string[], full: boolean, last: boolean): SyncPage {
    const known = this.cursor.known === null ? null : [...this.known];
    this.cursor = { ...this.cursor, known };
    return { items, gone, full, cursor: writeCursor(this.cursor), last };
  }
}

function updatedAt(issue: Json): number {
  return instantIn(objectIn(issue['fields'])['updated']) ?? 0;
}

function floorToMinute(at: number): number {
  return Math.floor(at / MINUTE) * MINUTE;
}
