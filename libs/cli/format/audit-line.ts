import { printable } from './printable.ts';

/** The members of an audit entry that a line shows. */
export interface AuditLineEntry {
  readonly id: string;
  readonly timestamp: string;
  readonly userId: string | null;
  readonly actor: string;
  readonly actionType: string;
  readonly actionDetail: string | Readonly<Record<string, unknown>>;
  readonly policyResult: string | null;
  readonly policyReason: string | null;
  readonly outcome: string;
}

/** One entry on one line: when, who, what, how it ended, why, and its id at the end. */
export function auditLine(entry: AuditLineEntry): string {
  const parts = [
    entry.timestamp,
    (entry.userId ?? entry.actor).padEnd(8),
    entry.actionType.padEnd(15),
    (entry.policyResult ?? entry.outcome).padEnd(16),
    auditSummary(entry),
    entry.id,
  ];
  return parts
    .filter((part) => part !== '')
    .map(printable)
    .join('  ');
}

/** What was done, in a few words, and why it ended so. */
export function auditSummary({ actionDetail, policyReason, actor, userId }: AuditLineEntry): string {
  const words = typeof actionDetail === 'string' ? actionDetail : named(actionDetail);
  const by = userId !== null && actor !== `user:${userId}` ? ` (by ${actor})` : '';
  return `${words}${by}${policyReason ? ` — ${policyReason}` : ''}`;
}

function named(detail: Readonly<Record<string, unknown>>): string {
  const verb = [detail.action, detail.operation, detail.event].find((value) => typeof value === 'string');
  const about = [detail.name, detail.version].filter((value) => typeof value === 'string');
  if (typeof verb === 'string') return [verb, ...about].join(' ');
  return JSON.stringify(detail);
}
