import { type AuditEntry, AuditReader, DECISION_MARK } from '#audit';
import { type Principal, type Reach, reachOf, reaches } from '#libs/access';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { EngineInput } from '../evaluation/engine.ts';
import { pathOf, type Place, placeKey } from '../place.ts';
import { locatedKey } from '../bundles/shards.ts';

/** A decision that was recorded, as it can be asked again. */
export interface RecordedRequest {
  readonly decisionId: string;
  /** For a tenant whose policies are in one bundle. */
  readonly input: EngineInput;
}

export interface Period {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/**
 * What the evaluator records of a decision, as far as it matters here. The mark keeps out what callers of `POST /audit`
 * write under this type; a person who has been erased leaves nothing that fits.
 */
const DETAIL = z.object({
  engine: z.literal(DECISION_MARK),
  action: z.string(),
  resource: z.record(z.string(), z.unknown()).optional(),
  context: z.record(z.string(), z.unknown()).optional(),
});

/** Requests of one page: little enough that even the largest fit in memory. */
const PAGE = 500;

/** Reads decisions back from the audit log: those of a place, and only what the caller may read. */
@Injectable()
export class RecordedRequests {
  constructor(private readonly audit: AuditReader) {}

  /** Newest first, page by page, `limit` at most. Subjects stand where they stood when the decision was made. */
  async *of(caller: Principal, place: Place, period: Period, limit: number): AsyncGenerator<RecordedRequest[], void> {
    const mayRead = reachOf(caller);
    const filter = { actionType: 'policy_decision' as const, ...definedOf(period) };
    let left = limit;
    let beforeId: string | undefined;
    do {
      const { items, nextCursor } = await this.audit.page(caller.tenantId, reachOfPlace(place), filter, {
        limit: PAGE,
        ...(beforeId === undefined ? {} : { beforeId }),
      });
      const requests = items.flatMap((entry) => requestOf(entry, mayRead)).slice(0, left);
      left -= requests.length;
      if (requests.length > 0) yield requests;
      beforeId = nextCursor === null ? undefined : items.at(-1)?.id;
    } while (beforeId !== undefined && left > 0);
  }
}

function requestOf(entry: AuditEntry, mayRead: Reach): RecordedRequest[] {
  const { tenantId, userId, orgId, teamIds } = entry;
  // A decision about somebody whom the directory did not know was never a question of policy.
  if (userId === null || orgId === null || !reaches(mayRead, { id: userId, orgId, teamIds })) return [];
  const detail = DETAIL.safeParse(entry.actionDetail);
  if (!detail.success) return [];
  const { action, resource, context } = detail.data;
  return [
    {
      decisionId: entry.id,
      input: {
        tenant: tenantId,
        action,
        resource: resource as EngineInput['resource'],
        context: context as EngineInput['context'],
        subject: { userId, orgId, teamIds },
        path: pathOf({ tenantId, id: userId, orgId, teamIds }).map((step) => locatedKey(placeKey(step), 1)),
      },
    },
  ];
}

/** Whom a policy at this place concerns. */
function reachOfPlace({ scope, id }: Place): Reach {
  const nobody = { all: false, orgIds: [], teamIds: [], userIds: [] } as const;
  switch (scope) {
    case 'enterprise':
      return { all: true };
    case 'org':
      return { ...nobody, orgIds: [id] };
    case 'team':
      return { ...nobody, teamIds: [id] };
    case 'user':
      return { ...nobody, userIds: [id] };
    default:
      return scope satisfies never;
  }
}

function definedOf({ from, to }: Period): { from?: string; to?: string } {
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}
