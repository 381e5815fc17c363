import {
  ACTION_TYPES,
  type AuditEntry,
  type AuditFilter,
  AuditReader,
  type NewEntry,
  OUTCOMES,
  POLICY_RESULTS,
} from '#audit';
import { SystemClock } from '#libs/clock';
import { type Reach, reaches } from '#libs/access';
import { CLASSIFICATIONS } from '#libs/classification';
import type { Database } from '#libs/database';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { freshDatabase, type TestDatabase } from '../harness/database.ts';
import { timeOf } from '../../src/audit/ids.ts';
import { encode } from '../../src/audit/encode.ts';
import { type Search, stretchStatement, walkStatement, fewStatement } from '../../src/audit/statements.ts';
import { stretchesBefore } from '../../src/audit/stretches.ts';
import { encodeTime } from 'ulid';
import { admin, entry, openDatabase, openLog, type OpenLog } from './support.ts';

const clock = new SystemClock();
const ALL: Reach = { all: true };
const USERS = ['alice', 'bob', 'carol', 'tomas', 'olga'];
const PLACE: Record<string, { orgId: string; teamIds: string[] }> = {
  alice: { orgId: 'engineering', teamIds: ['platform'] },
  bob: { orgId: 'engineering', teamIds: ['web'] },
  carol: { orgId: 'legal', teamIds: [] },
  tomas: { orgId: 'engineering', teamIds: ['platform', 'web'] },
  olga: { orgId: 'legal', teamIds: ['web'] },
};
const SOURCES = ['gmail', 'jira', 'github'];
const WORDS = ['invoice', 'meeting', 'Review', 'deploy', 'ümlaut', '4711'];
const REQUESTS = ['r-1', 'r-2', 'r-3'];

let server: TestDatabase;
let database: Database;
let reader: AuditReader;
let opened: OpenLog;
/** Newest first, as the log answers them. */
let everything: AuditEntry[];

const optional = <T>(values: readonly T[]) => fc.option(fc.constantFrom(...values), { nil: null });
const newEntry = fc
  .record({
    userId: fc.constantFrom(...USERS),
    actionType: fc.constantFrom(...ACTION_TYPES),
    outcome: fc.constantFrom(...OUTCOMES),
    policyResult: optional(POLICY_RESULTS),
    dataClassification: optional(CLASSIFICATIONS),
    requestId: optional(REQUESTS),
    sources: fc.array(fc.constantFrom(...SOURCES), { maxLength: 3 }),
    words: fc.array(fc.constantFrom(...WORDS), { maxLength: 4 }),
    reason: fc.array(fc.constantFrom(...WORDS), { maxLength: 2 }),
    asText: fc.boolean(),
  })
  .map(({ sources, words, reason, asText, ...fields }): NewEntry => {
    const text = words.join(' ');
    return entry({
      ...fields,
      ...PLACE[fields.userId],
      tenantId: 'query',
      actor: `user:${fields.userId}`,
      actionDetail: asText ? text : { note: text, nested: [{ deep: words[0] ?? '' }] },
      policyReason: reason.length > 0 ? reason.join(', ') : null,
      dataAccessed: sources.map((source) => ({ source, classification: 'internal', purpose: 'test' })),
    });
  });

beforeAll(async () => {
  server = await freshDatabase();
  database = await openDatabase(server);
  reader = new AuditReader(database, clock);
  opened = openLog(server.appUrl, clock);
  const entries = fc.sample(newEntry, { numRuns: 400, seed: 20_260_101 });
  for (let n = 0; n < entries.length; n += 20) await opened.log.appendAll(entries.slice(n, n + 20));
  await opened.log.append(entry({ tenantId: 'elsewhere', userId: 'alice', actionDetail: 'invoice meeting' }));
  everything = (await reader.page('query', ALL, {}, { limit: 500 })).items;
  expect(everything).toHaveLength(400);
});
afterAll(async () => {
  await opened?.log.drain();
  await database?.source.destroy();
  await server?.drop();
});

function words(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** The documented meaning of each filter, without a database. */
function matches(one: AuditEntry, filter: AuditFilter): boolean {
  const detail = typeof one.actionDetail === 'string' ? one.actionDetail : JSON.stringify(one.actionDetail);
  const said = new Set(words(`${one.policyReason ?? ''} ${detail}`));
  return (
    (filter.userId === undefined || one.userId === filter.userId) &&
    (filter.actionType === undefined || one.actionType === filter.actionType) &&
    (filter.policyResult === undefined || one.policyResult === filter.policyResult) &&
    (filter.outcome === undefined || one.outcome === filter.outcome) &&
    (filter.classification === undefined || one.dataClassification === filter.classification) &&
    (filter.requestId === undefined || one.requestId === filter.requestId) &&
    (filter.source === undefined || one.dataAccessed.some(({ source }) => source === filter.source)) &&
    (filter.q === undefined || words(filter.q).every((word) => said.has(word))) &&
    (filter.from === undefined || one.timestamp >= filter.from) &&
    (filter.to === undefined || one.timestamp <= filter.to)
  );
}

const FILTERS: { [name in keyof AuditFilter]-?: () => fc.Arbitrary<AuditFilter> } = {
  userId: () => fc.constantFrom(...USERS, 'nobody').map((userId) => ({ userId })),
  actionType: () => fc.constantFrom(...ACTION_TYPES).map((actionType) => ({ actionType })),
  policyResult: () => fc.constantFrom(...POLICY_RESULTS).map((policyResult) => ({ policyResult })),
  outcome: () => fc.constantFrom(...OUTCOMES).map((outcome) => ({ outcome })),
  classification: () => fc.constantFrom(...CLASSIFICATIONS).map((classification) => ({ classification })),
  requestId: () => fc.constantFrom(...REQUESTS).map((requestId) => ({ requestId })),
  source: () => fc.constantFrom(...SOURCES, 'gdrive').map((source) => ({ source })),
  q: () =>
    fc
      .array(fc.constantFrom(...WORDS, 'REVIEW', 'absent'), { minLength: 1, maxLength: 2 })
      .map((q) => ({ q: q.join(' ') })),
  from: () => fc.integer({ min: 0, max: 399 }).map((n) => ({ from: everything[n]?.timestamp })),
  to: () => fc.integer({ min: 0, max: 399 }).map((n) => ({ to: everything[n]?.timestamp })),
};
const NAMES = Object.keys(FILTERS) as (keyof AuditFilter)[];

const reach = fc.constantFrom<Reach>(
  ALL,
  { all: false, orgIds: ['engineering'], teamIds: [], userIds: ['olga'] },
  { all: false, orgIds: [], teamIds: ['platform', 'web'], userIds: ['tomas'] },
  { all: false, orgIds: ['legal'], teamIds: ['platform'], userIds: ['bob'] },
  { all: false, orgIds: [], teamIds: [], userIds: ['carol'] },
  { all: false, orgIds: [], teamIds: [], userIds: [] },
);

async function agrees(
  filter: AuditFilter,
  within: Reach,
  limit: number,
  log = { tenantId: 'query', everything, reader },
): Promise<void> {
  const expected = log.everything.filter(
    (one) =>
      matches(one, filter) && reaches(within, { id: one.userId ?? '', orgId: one.orgId ?? '', teamIds: one.teamIds }),
  );
  const found: AuditEntry[] = [];
  for (let beforeId: string | undefined, more = true; more;) {
    const page = await log.reader.page(log.tenantId, within, filter, { limit, beforeId });
    expect(page.items.length).toBeLessThanOrEqual(limit);
    found.push(...page.items);
    beforeId = page.items.at(-1)?.id;
    more = page.nextCursor !== null;
  }
  expect(found).toEqual(expected);
}

describe('a query answers what its filters say', () => {
  test.each(NAMES)('%s alone and with each other filter, for every reach, page by page', async (name) => {
    for (const other of NAMES) {
      await fc.assert(
        fc.asyncProperty(
          FILTERS[name](),
          FILTERS[other](),
          reach,
          fc.integer({ min: 7, max: 120 }),
          (a, b, within, limit) => agrees(name === other ? a : { ...b, ...a }, within, limit),
        ),
        { numRuns: 6 },
      );
    }
  });

  test('any number of filters together', async () => {
    const some = fc
      .subarray(NAMES, { minLength: 3 })
      .chain((names) => fc.tuple(...names.map((name) => FILTERS[name]())))
      .map((parts): AuditFilter => Object.assign({}, ...parts));
    await fc.assert(
      fc.asyncProperty(some, reach, (filter, within) => agrees(filter, within, 50)),
      { numRuns: 60 },
    );
  });

  test('pages neither skip nor repeat while entries are written', async () => {
    const filter = { userId: 'alice' };
    const before = everything.filter((one) => matches(one, filter));
    const found: string[] = [];
    let beforeId: string | undefined;
    do {
      const page = await reader.page('query', ALL, filter, { limit: 9, beforeId });
      found.push(...page.items.map(({ id }) => id));
      beforeId = page.nextCursor === null ? undefined : page.items.at(-1)?.id;
      await opened.log.append(entry({ tenantId: 'query', userId: 'alice' }));
    } while (beforeId !== undefined);
    expect(found).toEqual(before.map(({ id }) => id));
  });

  test('a stream is the query, page after page, without what is written meanwhile', async () => {
    const expected = (await reader.page('query', ALL, { source: 'jira' }, { limit: 500 })).items;
    const found: AuditEntry[] = [];
    for await (const page of reader.stream('query', ALL, { source: 'jira' })) {
      found.push(...page);
      await opened.log.append(
        entry({ tenantId: 'query', dataAccessed: [{ source: 'jira', classification: 'public', purpose: 'x' }] }),
      );
    }
    expect(found).toEqual(expected);
  });

  test('one entry is found within reach only, and never from another tenant', async () => {
    const [one] = everything.filter(({ userId }) => userId === 'carol');
    const id = one?.id ?? '';
    expect(await reader.find('query', ALL, id)).toEqual(one);
    expect(await reader.find('query', { all: false, orgIds: [], teamIds: [], userIds: ['alice'] }, id)).toBeUndefined();
    expect(await reader.find('elsewhere', ALL, id)).toBeUndefined();
    expect(await reader.find('query', ALL, 'nonsense')).toBeUndefined();
  });
});

describe('what is older than a first look', () => {
  const DAY_MS = 86_400_000;
  const ENTRIES = 6_000;
  const start = Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth(), 1);
  const later = { now: () => start + 45 * DAY_MS } as SystemClock;
  const log = { tenantId: 'long', everything: [] as AuditEntry[], reader: undefined as unknown as AuditReader };

  /** Over six weeks and two partitions: by day, in a burst within a second, and what was common only once. */
  beforeAll(async () => {
    log.reader = new AuditReader(database, later);
    const at = (n: number) => {
      const day = n < 2_000 ? n / 100 : n < 4_500 ? 20 + n / 1e7 : 20 + (n - 4_500) / 75;
      return Math.floor(start + day * DAY_MS);
    };
    const entries = fc.sample(newEntry, { numRuns: 200, seed: 20_260_202 });
    await admin(server, async (client) => {
      for (let from = 0; from < ENTRIES; from += 500) {
        const rows = Array.from({ length: 500 }, (_, i) => {
          const n = from + i;
          const sample = entries[(n * 7_919) % entries.length]!;
          const words = [
            n < 1_800 ? 'early' : '',
            n % 997 === 0 ? 'rare user/bob' : '',
            n % 40 === 0 ? 'medium' : '',
          ].join(' ');
          const id = encodeTime(at(n), 10) + String(n).padStart(16, '0');
          return encode({ ...sample, tenantId: 'long', policyReason: `${sample.policyReason ?? ''} ${words}` }, id)
            .json;
        });
        await client.query('SELECT audit_append($1, $2, $3, false)', [
          'test',
          JSON.stringify([{ tenant_id: 'long', floor: 0, n: 500 }]),
          `[${rows.join(',')}]`,
        ]);
      }
    });
    for await (const page of log.reader.stream('long', ALL, {})) log.everything.push(...page);
    expect(log.everything).toHaveLength(ENTRIES);
  }, 60_000);

  test.each<[string, AuditFilter, Reach]>([
    ['a word that was common once', { q: 'early' }, ALL],
    ['a rare word', { q: 'rare' }, ALL],
    ['a word of medium frequency', { q: 'medium' }, ALL],
    ['a common and a rare word', { q: 'medium early' }, ALL],
    ['a word that is nowhere', { q: 'absent' }, ALL],
    ['a word that looks like a term of another kind', { q: 'user/bob' }, ALL],
    ['values that never meet', { actionType: 'sign_in', outcome: 'error', q: 'early' }, ALL],
    ['a word within one person', { q: 'early', userId: 'carol' }, ALL],
    ['a word within teams', { q: 'early' }, { all: false, orgIds: [], teamIds: ['platform'], userIds: ['tomas'] }],
    ['a word within oneself', { q: 'early' }, { all: false, orgIds: [], teamIds: [], userIds: ['alice'] }],
  ])('%s is found whole and in order', (_, filter, within) => agrees(filter, within, 170, log));

  test('any filters, with times and cursors, for every reach', async () => {
    const moment = fc.integer({ min: 0, max: ENTRIES - 1 }).map((n) => log.everything[n]!.timestamp);
    const q = fc.subarray(['early', 'rare', 'medium', 'invoice', 'absent'], { minLength: 1, maxLength: 2 });
    const some = fc
      .subarray(NAMES.filter((name) => !['from', 'to', 'q'].includes(name)))
      .chain((names) => fc.tuple(...names.map((name) => FILTERS[name]())))
      .map((parts): AuditFilter => Object.assign({}, ...parts));
    const times = fc.record({ from: moment, to: moment }, { requiredKeys: [] });
    await fc.assert(
      fc.asyncProperty(
        some,
        fc.option(q),
        times,
        reach,
        fc.integer({ min: 40, max: 400 }),
        (filter, words, time, within, limit) =>
          agrees({ ...filter, ...time, ...(words ? { q: words.join(' ') } : {}) }, within, limit, log),
      ),
      { numRuns: 120 },
    );
  }, 120_000);

  test('stretches are disjoint, leave nothing out and are few', () => {
    const id = fc.integer({ min: 1.5e12, max: 2e12 }).map((ms) => `${encodeTime(ms, 10)}0000000000000000`);
    fc.assert(
      fc.property(id, fc.integer({ min: 0, max: 1e10 }), (before, seen) => {
        const ends = stretchesBefore(before, seen, 1.45e12);
        expect(ends[0]!.beforeId).toBe(before);
        for (const [n, one] of ends.entries()) {
          expect(one.afterId).toBe(encodeTime(one.fromMs, 10));
          expect(one.fromMs).toBeLessThanOrEqual(one.untilMs);
          if (n > 0) expect([one.beforeId, one.untilMs]).toEqual([ends[n - 1]!.afterId, ends[n - 1]!.fromMs - 1]);
          for (const ms of [one.fromMs, one.untilMs, Math.floor((one.fromMs + one.untilMs) / 2)]) {
            const named = one.slots.map((slot) => encodeTime(ms, 10).startsWith(slot.slice(1)));
            expect(named.length === 0 || named.includes(true)).toBe(true);
          }
        }
        expect(ends.at(-1)!.fromMs).toBeLessThanOrEqual(1.45e12);
        expect(ends.length).toBeLessThan(17 + (timeOf(before) - 1.45e12) / (28 * DAY_MS));
      }),
      { numRuns: 30 },
    );
  });
});

describe('a query reads an index', () => {
  const ROWS = 200_000;
  beforeAll(async () => {
    await admin(server, async (client) => {
      await client.query('SET session_replication_role = replica');
      await client.query(
        `INSERT INTO audit_entries (id, tenant_id, timestamp, user_id, org_id, team_ids, actor, action_type, action_detail,
           data_classification, policy_result, outcome, request_id, keys, writer, writer_seq)
         SELECT (SELECT string_agg(substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', ((ms >> (45 - 5 * k)) & 31)::int + 1, 1), '' ORDER BY k)
             FROM generate_series(0, 9) k) || lpad(n::text, 16, '0'),
           CASE WHEN n % 10 = 0 THEN 'other' ELSE 'big' END,
           to_timestamp(ms / 1000.0),
           'user' || n % 1000, 'org' || n % 50, ARRAY['team' || n % 200], 'user:x',
           CASE WHEN n % 500 = 1 THEN 'sign_in' ELSE 'data_access' END,
           to_jsonb('word' || n % 3000 || ' common'),
           CASE WHEN n % 700 = 1 THEN 'restricted' ELSE 'internal' END,
           CASE WHEN n % 700 = 1 THEN 'deny' ELSE 'allow' END,
           CASE WHEN n % 700 = 1 THEN 'error' ELSE 'success' END,
           'req' || n,
           ARRAY['source/big/' || CASE WHEN n % 900 = 1 THEN 'rare' ELSE 'gmail' END, 'team/big/team' || n % 200],
           'w', n
         FROM generate_series(1, $1::int) n, LATERAL (SELECT (extract(epoch FROM date_trunc('month', now())
           + (n || ' ms')::interval + CASE WHEN n / 1000 % 2 = 0 THEN interval '1 month' ELSE '0' END) * 1000)::bigint AS ms) time`,
        [ROWS],
      );
      await client.query('VACUUM ANALYZE audit_entries');
    });
  }, 120_000);

  const horizon = '2100-01-01T00:00:00Z';
  async function explain({ text, values }: { text: string; values: unknown[] }): Promise<string> {
    const rows = await database.tenant('big', (tx) =>
      tx.query<{ 'QUERY PLAN': string }[]>(`EXPLAIN (ANALYZE, TIMING OFF) ${text}`, values),
    );
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  }
  const plan = (filter: AuditFilter, within: Reach = ALL) =>
    explain(walkStatement({ tenantId: 'big', filter, reach: within, horizon }, 51, 2_000));

  test.each<[string, AuditFilter, Reach, RegExp]>([
    ['no filter', {}, ALL, /tenant_id_timestamp_id_idx/],
    ['userId', { userId: 'user7' }, ALL, /user_id/],
    ['oneself', {}, { all: false, orgIds: [], teamIds: [], userIds: ['user3'] }, /user_id/],
    ['requestId', { requestId: 'req77' }, ALL, /request_id/],
    ['any other filter', { source: 'rare' }, ALL, /tenant_id_timestamp_id_idx/],
  ])('in the order of time for a first look: %s', async (_, filter, within, index) => {
    const text = await plan(filter, within);
    expect(text).toMatch(index);
    expect(text).not.toMatch(/Seq Scan on audit_entries_\d+_\d+ .*rows=[1-9]\d{3,}/);
    expect(text).not.toMatch(/Rows Removed by Filter: \d{5,}/);
  });

  test.each<[string, AuditFilter, Reach]>([
    ['actionType', { actionType: 'sign_in' }, ALL],
    ['policyResult', { policyResult: 'deny' }, ALL],
    ['outcome', { outcome: 'error' }, ALL],
    ['classification', { classification: 'restricted' }, ALL],
    ['source', { source: 'rare' }, ALL],
    ['q', { q: 'word1234' }, ALL],
    ['values that never meet', { outcome: 'success', policyResult: 'deny' }, ALL],
    ['userId with another', { userId: 'user7', outcome: 'error' }, ALL],
    ['an organisation', {}, { all: false, orgIds: ['org3'], teamIds: [], userIds: ['user3'] }],
    ['teams', {}, { all: false, orgIds: [], teamIds: ['team9'], userIds: ['user3'] }],
  ])('of terms for what is older: %s', async (_, filter, within) => {
    const search: Search = { tenantId: 'big', filter, reach: within, horizon };
    const before = `${encodeTime(Date.now() + 60 * 86_400_000, 10)}0000000000000000`;
    const oldest = `${encodeTime(Date.now() - 31 * 86_400_000, 10)}0000000000000000`;
    const [stretch] = stretchesBefore(before, 1e15, Date.now() - 31 * 86_400_000);
    for (const one of [fewStatement(search, before, oldest, 51), stretchStatement(search, stretch!, 51)]) {
      const text = await explain(one);
      expect(text).not.toMatch(/Seq Scan on audit_entries_\d+_\d+ .*rows=[1-9]\d{3,}/);
      expect(text).not.toMatch(/timestamp_id_idx/);
      expect(text).not.toMatch(/Rows Removed by \w+: \d{4,}/);
    }
  });

  test('months outside from, to and the cursor are not touched', async () => {
    const now = new Date();
    const day = (month: number) =>
      new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + month, 15)).toISOString();
    const tables = (text: string) =>
      new Set([...text.matchAll(/audit_entries_(\d{4}_\d{2})\w* on/g)].map(([, month]) => month)).size;
    expect(tables(await plan({ from: day(1), to: day(1) }))).toBeLessThanOrEqual(1);
    const month = day(1).slice(0, 7).replace('-', '_');
    expect(await plan({ userId: 'user7', from: day(0), to: day(0) })).not.toContain(month);
  });
});
