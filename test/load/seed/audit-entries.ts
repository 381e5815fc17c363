import { randomBytes } from 'node:crypto';
import type { NewEntry } from '#audit';
import pg from 'pg';
import { encodeTime } from 'ulid';
import { encode } from '../../../src/audit/encode.ts';
import { TENANT } from '../gateway.ts';

/** Who appears in the filled log. */
export interface Author {
  readonly userId: string;
  readonly orgId: string;
  readonly teamIds: readonly string[];
}

/** People of the demo directory, in whose reach part of the log lies. */
export const DEMO_AUTHORS: readonly Author[] = [
  { userId: 'alice', orgId: 'engineering', teamIds: ['platform'] },
  { userId: 'tomas', orgId: 'engineering', teamIds: ['platform'] },
  { userId: 'bob', orgId: 'engineering', teamIds: ['web'] },
  { userId: 'carol', orgId: 'legal', teamIds: [] },
];

const WORDS =
  'invoice contract sprint release customer migration incident roadmap budget onboarding renewal audit travel hiring outage'.split(
    ' ',
  );
const SOURCES = ['gmail', 'gcal', 'jira', 'github', 'gdrive'] as const;
const LABELS = ['public', 'internal', 'internal', 'confidential', 'restricted'] as const;
const TOOLS = ['email_read', 'email_send', 'calendar_create_event', 'jira_comment', 'gdrive_read', 'github_merge'];

/** The n-th of a sequence that looks like a working organisation's; the same for the same n. */
export function plausibleEntry(n: number, authors: readonly Author[]): NewEntry {
  const pick = <T>(from: readonly T[], salt: number): T => from[hash(n * 31 + salt) % from.length]!;
  const author = pick(authors, 1);
  const source = pick(SOURCES, 2);
  const label = pick(LABELS, 3);
  const tool = pick(TOOLS, 4);
  const common = {
    tenantId: TENANT,
    ...author,
    actor: `agent:${author.userId}`,
    requestId: `req-${Math.floor(n / 3)}`,
  };
  const kind = hash(n * 31 + 5) % 100;
  if (kind < 45) {
    const result = kind < 34 ? 'allow' : kind < 41 ? 'require_approval' : 'deny';
    return {
      ...common,
      actionType: 'policy_decision',
      actionDetail: { action: tool, subject: { userId: author.userId }, about: `${pick(WORDS, 6)} ${pick(WORDS, 7)}` },
      dataAccessed: [{ source, classification: label, purpose: tool }],
      dataClassification: label,
      policyApplied: 'Acme baseline 1.0.0 (enterprise acme)',
      policyResult: result,
      policyReason: `${tool} is ${result}`,
      outcome: result === 'allow' ? 'success' : result === 'deny' ? 'denied' : 'pending_approval',
    };
  }
  if (kind < 75) {
    return {
      ...common,
      actionType: 'tool_invocation',
      actionDetail: { tool, arguments: { subject: `${pick(WORDS, 6)} ${pick(WORDS, 7)}`, thread: `t-${n % 9_000}` } },
      dataAccessed: [{ source, classification: label, purpose: 'work of the assistant' }],
      dataClassification: label,
      outcome: kind < 73 ? 'success' : 'error',
    };
  }
  if (kind < 90) {
    return {
      ...common,
      actionType: 'model_call',
      actionDetail: { purpose: `summarise ${pick(WORDS, 6)}` },
      modelUsed: 'anthropic/claude-sonnet',
      modelTokens: { input: 900 + (n % 3_000), output: 120 + (n % 400) },
      dataClassification: label,
      outcome: 'success',
    };
  }
  return {
    ...common,
    actionType: kind < 97 ? 'data_access' : kind < 99 ? 'sign_in' : 'admin',
    actionDetail: { query: `${pick(WORDS, 6)} of the ${pick(WORDS, 7)}`, results: n % 40 },
    dataAccessed: kind < 97 ? [{ source, classification: label, purpose: 'briefing' }] : null,
    dataClassification: kind < 97 ? label : null,
    outcome: 'success',
  };
}

const BATCH = 2_000;

/**
 * The fast path of the harness: fills the temporary database of a gateway that it started through `audit_append`, the
 * function with which the product itself appends, from two connections. Entries lie evenly over the time given; months
 * that have passed get their partitions first.
 */
export async function fillAuditLog(
  databaseUrl: string,
  options: {
    entries: number;
    authors: readonly Author[];
    from: Date;
    to: Date;
    progress: (done: number) => void;
    signal: AbortSignal;
  },
): Promise<void> {
  const { entries, authors, from, to, progress, signal } = options;
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 2 });
  try {
    await pastPartitions(pool, from, to);
    let next = 0;
    let done = 0;
    const span = to.getTime() - from.getTime();
    const write = async (writer: string) => {
      while (next < entries && !signal.aborted) {
        const start = next;
        const n = Math.min(BATCH, entries - start);
        next += n;
        const rows = Array.from({ length: n }, (_, i) => {
          const ms = Math.floor(from.getTime() + (span * (start + i)) / entries);
          return encode(plausibleEntry(start + i, authors), ulidAt(ms)).json;
        });
        await pool.query('SELECT audit_append($1, $2, $3, false)', [
          writer,
          JSON.stringify([{ tenant_id: TENANT, floor: 0, n }]),
          `[${rows.join(',')}]`,
        ]);
        progress((done += n));
      }
    };
    await Promise.all([write('load/seed/1'), write('load/seed/2')]);
    signal.throwIfAborted();
    await pool.query('VACUUM (ANALYZE) audit_entries');
  } finally {
    await pool.end();
  }
}

/** As `audit_ensure_partitions` makes them, for months before this one. */
async function pastPartitions(pool: pg.Pool, from: Date, to: Date): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query(`SET ROLE openclaw_owner`);
    await client.query(`SET timezone = 'UTC'`);
    const month = new Date(Date.UTC(from.getUTCFullYear(), from.getUTCMonth(), 1));
    for (; month < to; month.setUTCMonth(month.getUTCMonth() + 1)) {
      const tab = `audit_entries_${month.toISOString().slice(0, 7).replace('-', '_')}`;
      const { rows } = await client.query<{ there: string | null }>('SELECT to_regclass($1) AS there', [tab]);
      if (rows[0]?.there) continue;
      const end = new Date(Date.UTC(month.getUTCFullYear(), month.getUTCMonth() + 1, 1));
      await client.query(`CREATE TABLE ${tab} (LIKE audit_entries INCLUDING DEFAULTS INCLUDING CONSTRAINTS)`);
      await client.query(`CALL bind_to_tenant('${tab}')`);
      await client.query(`CALL audit_make_immutable('${tab}')`);
      await client.query(
        `ALTER TABLE audit_entries ATTACH PARTITION ${tab} FOR VALUES FROM ('${month.toISOString()}') TO ('${end.toISOString()}')`,
      );
    }
    await client.query('RESET ROLE');
  } finally {
    client.release(true);
  }
}

const BASE32 = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

function ulidAt(ms: number): string {
  const random = randomBytes(16);
  let tail = '';
  for (const byte of random) tail += BASE32[byte & 31]!;
  return encodeTime(ms) + tail;
}

/** A 32-bit mix: neighbours look unrelated. */
function hash(n: number): number {
  let h = Math.imul(n ^ 0x9e3779b9, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
