import type { NewEntry, Outcome } from '#audit';
import type { DirectoryPerson } from '#identity';
import type { DecisionAnswer } from '#policy';
import type { MessageRow } from './auto-response.sql.ts';

/** What is done about a message, as the audit log tells it. */
export interface Deed {
  /** `decision`: what is to become of it; `intent` and `outcome`: before and after a reply is sent. */
  readonly phase: 'decision' | 'intent' | 'outcome';
  readonly outcome: Outcome;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly decision?: DecisionAnswer | undefined;
}

export function entryOf(person: DirectoryPerson, row: MessageRow, deed: Deed): NewEntry {
  const { decision } = deed;
  return {
    tenantId: person.tenantId,
    userId: person.id,
    orgId: person.orgId,
    teamIds: person.teamIds,
    actor: 'system',
    actionType: 'auto_response',
    actionDetail: {
      phase: deed.phase,
      messageId: row.id,
      channel: row.channel,
      from: row.sender,
      class: row.correction ?? row.class,
      ...deed.detail,
    },
    dataAccessed: [{ source: row.channel, classification: row.classification, purpose: 'auto_response' }],
    dataClassification: row.classification,
    ...(decision
      ? {
          policyApplied: decision.policies.map(({ name, version }) => `${name} ${version}`).slice(0, 20),
          policyResult: decision.decision,
          policyReason: decision.reason,
        }
      : {}),
    outcome: deed.outcome,
    requestId: row.request_id,
  };
}
