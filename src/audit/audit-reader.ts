import type { Reach } from '#libs/access';
import { Database, type Transaction } from '#libs/database';
import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '#libs/clock';
import { isUlid, timeOf } from './ids.ts';
import { encodeCursor } from './cursor.ts';
import type { AuditEntry } from './entry.ts';
import { type AuditFilter, isEmpty } from './filter.ts';
import {
  entryStatement,
  fewStatement,
  isFew,
  isOrdered,
  type Search,
  stretchStatement,
  walkEndsStatement,
  walkLength,
  walkStatement,
} from './statements.ts';
import { stretchesBefore } from './stretches.ts';

export interface AuditPage {
  readonly items: AuditEntry[];
  /** Where the next page begins; null: this was the last. */
  readonly nextCursor: string | null;
}

/** Entries a page of a stream: little enough that even the largest ones fit in memory many times. */
const STREAM_PAGE = 200;
/** Clocks of replicas may differ by this much. */
const SKEW_MS = 300_000;

/** Reads one tenant's log, within the reach of who asks. */
@Injectable()
export class AuditReader {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /** Newest first. A page goes on where the one before ended, whatever is written meanwhile. */
  async page(
    tenantId: string,
    reach: Reach,
    filter: AuditFilter,
    page: { readonly limit: number; readonly beforeId?: string },
  ): Promise<AuditPage> {
    if (isEmpty(reach)) return { items: [], nextCursor: null };
    const { limit, beforeId } = page;
    const horizon = new Date(this.clock.now() + SKEW_MS).toISOString();
    const search = { tenantId, reach, filter, beforeId, horizon };
    const rows = await this.database.tenant(tenantId, (tx) => newest(tx, search, limit + 1));
    const items = rows.slice(0, limit).map(fromRow);
    const last = items.at(-1);
    return { items, nextCursor: rows.length > limit && last ? encodeCursor(last.id) : null };
  }

  async find(tenantId: string, reach: Reach, id: string): Promise<AuditEntry | undefined> {
    if (!isUlid(id)) return undefined;
    const { text, values } = entryStatement(tenantId, id, reach);
    const [row] = await this.database.tenant(tenantId, (tx) => tx.query<Stored[]>(text, values));
    return row && fromRow(row);
  }

  /**
   * Everything that matches and is not newer than now, newest first, page by page: no connection is held while the
   * reader is slow, and one page is in memory.
   */
  async *stream(tenantId: string, reach: Reach, filter: AuditFilter): AsyncGenerator<readonly AuditEntry[], void> {
    const now = new Date(this.clock.now()).toISOString();
    const bounded = {
      ...filter,
      to: filter.to !== undefined && Date.parse(filter.to) < Date.parse(now) ? filter.to : now,
    };
    let beforeId: string | undefined;
    do {
      const { items, nextCursor } = await this.page(tenantId, reach, bounded, { limit: STREAM_PAGE, beforeId });
      if (items.length > 0) yield items;
      beforeId = nextCursor === null ? undefined : items.at(-1)?.id;
    } while (beforeId !== undefined);
  }
}

/**
 * The newest matches. A bounded walk through the newest entries in the order of time finds a page of what is common. Where
 * it does not, what is older is looked up by its terms. Terms have no order: all that they find is read and sorted. So they
 * are asked for one stretch of time after the other, each about as long as all before it. Where the walk has met nothing,
 * there may be next to nothing: then all of the log is asked at once, and reading ends where it is more than a few.
 */
async function newest(tx: Transaction, search: Search, limit: number): Promise<Stored[]> {
  const length = walkLength(search, limit);
  const walk = walkStatement(search, limit, length);
  const rows = await tx.query<Stored[]>(walk.text, walk.values);
  if (rows.length === limit || isOrdered(search)) return rows;

  const ends = walkEndsStatement(search, length);
  const [walked] = await tx.query<WalkEnds[]>(ends.text, ends.values);
  if (!walked?.last) return rows;
  const { first, last, oldest } = walked as { [end in keyof WalkEnds]: string };
  if (rows.length === 0) {
    const few = fewStatement(search, last, oldest, limit);
    const found = await tx.query<(Stored & { looked: number })[]>(few.text, few.values);
    if (found.every(isFew)) return found.filter(({ id }) => id !== null);
  }

  for (const stretch of stretchesBefore(last, timeOf(first) - timeOf(last), timeOf(oldest))) {
    const { text, values } = stretchStatement(search, stretch, limit - rows.length);
    rows.push(...(await tx.query<Stored[]>(text, values)));
    if (rows.length === limit) break;
  }
  return rows;
}

/** Ids; see `walkEndsStatement`. */
interface WalkEnds {
  readonly first: string | null;
  readonly last: string | null;
  readonly oldest: string | null;
}

interface Stored {
  readonly id: string;
  readonly tenant_id: string;
  readonly timestamp: Date;
  readonly user_id: string | null;
  readonly org_id: string | null;
  readonly team_ids: string[] | null;
  readonly actor: string;
  readonly action_type: AuditEntry['actionType'];
  readonly action_detail: AuditEntry['actionDetail'];
  readonly data_accessed: AuditEntry['dataAccessed'] | null;
  readonly model_used: string | null;
  readonly model_tokens: AuditEntry['modelTokens'];
  readonly data_classification: AuditEntry['dataClassification'];
  readonly policy_applied: AuditEntry['policyApplied'];
  readonly policy_result: AuditEntry['policyResult'];
  readonly policy_reason: string | null;
  readonly outcome: AuditEntry['outcome'];
  readonly request_id: string | null;
  readonly writer: string;
  readonly writer_seq: string;
}

function fromRow(row: Stored): AuditEntry {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    timestamp: row.timestamp.toISOString(),
    userId: row.user_id,
    orgId: row.org_id,
    teamIds: row.team_ids ?? [],
    actor: row.actor,
    actionType: row.action_type,
    actionDetail: row.action_detail,
    dataAccessed: row.data_accessed ?? [],
    modelUsed: row.model_used,
    modelTokens: row.model_tokens,
    dataClassification: row.data_classification,
    policyApplied: row.policy_applied,
    policyResult: row.policy_result,
    policyReason: row.policy_reason,
    outcome: row.outcome,
    requestId: row.request_id,
    writer: row.writer,
    writerSeq: Number(row.writer_seq),
  };
}
