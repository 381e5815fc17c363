import { Database, type Transaction } from '#libs/database';
import { Inject, Injectable } from '@nestjs/common';
import { type Gap, joinGaps, missingIn, rangesToRead } from './gaps.ts';
import { AuditMetrics } from './metrics.ts';

export interface WriterReport {
  readonly writer: string;
  /** Entries that are there. */
  readonly entries: number;
  /** First and last number. */
  readonly from: number;
  readonly to: number;
  /** The writer has not said that `to` is its final number. */
  readonly open: boolean;
  readonly startedAt: string;
  readonly lastAt: string;
}

export interface GapReport extends Gap {
  readonly writer: string;
  readonly missing: number;
}

export interface CompletenessReport {
  readonly writers: readonly WriterReport[];
  readonly gaps: readonly GapReport[];
}

/** Older numbers of a writer read again by a call. */
const BUDGET = 100_000;

const WRITERS = `
  SELECT w.writer, w.last_seq, w.started_at, w.last_at, w.closed_at,
    coalesce(c.checked_seq, 0) AS checked_seq, coalesce(c.swept_seq, 0) AS swept_seq
  FROM audit_writers w LEFT JOIN audit_checks c USING (tenant_id, writer)
  WHERE w.tenant_id = $1 ORDER BY w.started_at, w.writer`;

/** Gaps within ($2, $3], an entry beyond $3 being imagined so that missing ones at the end are seen. */
const FIND_GAPS = `
  SELECT previous AS after, seq AS before FROM (
    SELECT seq, lag(seq, 1, $2::bigint) OVER (ORDER BY seq) AS previous FROM (
      SELECT writer_seq AS seq FROM audit_log WHERE writer = $1 AND writer_seq > $2 AND writer_seq <= $3
      UNION ALL SELECT $3::bigint + 1
    ) numbers
  ) pairs WHERE seq - previous > 1`;

/**
 * Finds entries that are missing: each writer numbers a tenant's entries without gaps, and the last number is stored
 * apart from them.
 */
@Injectable()
export class Completeness {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(AuditMetrics) private readonly metrics: AuditMetrics,
  ) {}

  /**
   * Reads what is new since the last call and a part of what is older.
   * @param options.full reads everything again
   * @param options.newOnly reads what is new and nothing that is older
   */
  async check(
    tenantId: string,
    options: { readonly full?: boolean; readonly newOnly?: boolean } = {},
  ): Promise<CompletenessReport> {
    const known = await this.database.tenant(tenantId, (tx) => tx.query<WriterRow[]>(WRITERS, [tenantId]));
    const writers: WriterReport[] = [];
    const gaps: GapReport[] = [];
    for (const row of known) {
      const last = Number(row.last_seq);
      const mark = { checked: Number(row.checked_seq), swept: Number(row.swept_seq) };
      const { ranges, swept } = rangesToRead(mark, last, options.full ? Infinity : options.newOnly ? 0 : BUDGET);
      const found = await this.database.tenant(tenantId, async (tx) => {
        for (const { after, upTo } of ranges) await this.read(tx, tenantId, row.writer, after, upTo);
        await tx.query(
          `INSERT INTO audit_checks AS c (tenant_id, writer, checked_seq, swept_seq) VALUES ($1, $2, $3, $4)
           ON CONFLICT (tenant_id, writer) DO UPDATE
             SET checked_seq = greatest(c.checked_seq, excluded.checked_seq), swept_seq = excluded.swept_seq`,
          [tenantId, row.writer, last, swept],
        );
        return tx.query<{ after: string; before: string }[]>(
          'SELECT after, before FROM audit_gaps WHERE tenant_id = $1 AND writer = $2',
          [tenantId, row.writer],
        );
      });
      const joined = joinGaps(found.map(({ after, before }) => ({ after: Number(after), before: Number(before) })));
      gaps.push(...joined.map((gap) => ({ writer: row.writer, ...gap, missing: missingIn(gap) })));
      writers.push({
        writer: row.writer,
        entries: last - joined.reduce((sum, gap) => sum + missingIn(gap), 0),
        from: 1,
        to: last,
        open: row.closed_at === null,
        startedAt: row.started_at.toISOString(),
        lastAt: row.last_at.toISOString(),
      });
    }
    this.metrics.missing(
      tenantId,
      gaps.reduce((sum, gap) => sum + gap.missing, 0),
    );
    return { writers, gaps };
  }

  private async read(tx: Transaction, tenantId: string, writer: string, after: number, upTo: number): Promise<void> {
    await tx.query('DELETE FROM audit_gaps WHERE tenant_id = $1 AND writer = $2 AND after >= $3 AND before <= $4 + 1', [
      tenantId,
      writer,
      after,
      upTo,
    ]);
    await tx.query(
      `INSERT INTO audit_gaps (tenant_id, writer, after, before)
       SELECT $4, $1, after, before FROM (${FIND_GAPS}) found ON CONFLICT DO NOTHING`,
      [writer, after, upTo, tenantId],
    );
  }
}

interface WriterRow {
  readonly writer: string;
  readonly last_seq: string;
  readonly started_at: Date;
  readonly last_at: Date;
  readonly closed_at: Date | null;
  readonly checked_seq: string;
  readonly swept_seq: string;
}
