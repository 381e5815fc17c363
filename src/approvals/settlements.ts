import { AuditLog, type NewEntry } from '#audit';
import type { Person } from '#libs/access';
import { Database, type Transaction } from '#libs/database';
import { PersonEvents } from '#libs/events';
import { Injectable, Logger } from '@nestjs/common';
import { createHash } from 'node:crypto';
import type { Approval, Kind, Owner } from './approval.ts';

/** By whom and for which request something is settled, for the audit log. */
export interface SettledBy {
  readonly actor: string;
  readonly person?: Person | undefined;
  readonly requestId: string | null;
  readonly detail?: Readonly<Record<string, unknown>>;
}

/**
 * Settles approvals: the new state, what its owner stores with it, the audit entry and the event are one transaction, so that
 * a process that dies in between leaves nothing half.
 */
@Injectable()
export class Settlements {
  private readonly log = new Logger('approvals');
  readonly owners = new Map<Kind, Owner>();

  constructor(
    private readonly database: Database,
    private readonly audit: AuditLog,
    private readonly events: PersonEvents,
  ) {}

  /** @throws Error where nobody deals with such approvals */
  ownerOf(kind: Kind): Owner {
    const owner = this.owners.get(kind);
    if (!owner) throw new Error(`Nobody owns approvals of kind "${kind}"`);
    return owner;
  }

  /**
   * @param change moves the row on, under its lock; undefined where somebody was quicker
   * @returns what it has become, or undefined
   */
  async settle(
    tenantId: string,
    change: (tx: Transaction) => Promise<Approval | undefined>,
    by: SettledBy,
  ): Promise<Approval | undefined> {
    const settled = await this.database.tenant(tenantId, async (tx) => {
      const approval = await change(tx);
      if (!approval) return undefined;
      await this.ownerOf(approval.kind).settled(tx, approval);
      // The audit log's counter and then the person's: in this order everywhere, and as late as can be.
      await this.audit.appendWithin(tx, entryOf(approval, by));
      const { userId } = approval;
      await this.events.append(tx, { tenantId, userId, event: 'approval.decided', payload: decidedPayload(approval) });
      return approval;
    });
    if (settled) this.tellAfter(settled);
    return settled;
  }

  /** It is done whatever happens here. */
  private tellAfter(approval: Approval): void {
    this.events.announce(approval.tenantId, approval.userId);
    try {
      this.ownerOf(approval.kind).after?.(approval);
    } catch (error) {
      this.log.warn(`after approval ${approval.id}: ${(error as Error).message}`);
    }
  }
}

/** What a person is told of something that waits; the proposal itself is read from `GET /approvals/:id`. */
export function pendingPayload(approval: Approval, reminder = false): Record<string, unknown> {
  const { id, kind, subject, classification, requestedAt, expiresAt } = approval;
  return { id, kind, subject, classification, requestedAt, expiresAt, ...(reminder ? { reminder } : {}) };
}

function decidedPayload(approval: Approval): Record<string, unknown> {
  const { id, kind, status, subject, decidedAt, decidedBy, reason, edited } = approval;
  return {
    ...{ id, kind, status, subject, decidedAt },
    ...(decidedBy ? { decidedBy } : {}),
    ...(reason ? { reason } : {}),
    ...(edited ? { edited } : {}),
  };
}

/** The entry pins what was decided upon by its hash; the text itself stays out of the log. */
function entryOf(approval: Approval, { actor, person, requestId, detail }: SettledBy): NewEntry {
  const { id, kind, status, subject, edited, messageId, decisionId, exchangeId, reason, requestedAt } = approval;
  return {
    tenantId: approval.tenantId,
    userId: approval.userId,
    orgId: person?.orgId ?? null,
    teamIds: person?.teamIds ?? [],
    actor,
    actionType: 'approval',
    actionDetail: {
      ...{ operation: `approval.${status}`, approvalId: id, kind, subject, requestedAt },
      proposalSha256: createHash('sha256').update(JSON.stringify(approval.proposal)).digest('hex'),
      ...(edited ? { edited } : {}),
      ...(messageId ? { messageId } : {}),
      ...(decisionId ? { decisionId } : {}),
      ...(exchangeId ? { exchangeId } : {}),
      ...(approval.decidedBy ? { decidedBy: approval.decidedBy } : {}),
      ...(reason ? { reason } : {}),
      ...detail,
    },
    dataClassification: approval.classification,
    outcome: status === 'approved' ? 'success' : 'denied',
    requestId,
  };
}
