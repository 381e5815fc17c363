import { printable } from './printable.ts';
import { table } from './table.ts';

/** An approval as the service tells it. */
export interface ApprovalView {
  readonly id: string;
  readonly userId: string;
  readonly kind: string;
  readonly status: string;
  readonly subject: string;
  readonly proposal: Readonly<Record<string, unknown>>;
  readonly edited?: boolean;
  readonly classification: string;
  readonly requestedAt: string;
  readonly expiresAt: string;
  readonly decidedAt?: string;
  readonly decidedBy?: string;
  readonly reason?: string;
}

const HEAD = ['ID', 'KIND', 'STATUS', 'EXPIRES', 'SUBJECT'];

export function approvalTable(items: readonly ApprovalView[], width?: number): string[] {
  const rows = items.map(({ id, kind, status, expiresAt, subject }) => [id, kind, status, expiresAt, subject]);
  return table(HEAD, rows, width);
}

/** What would be done, line by line. Nothing in it can pretend to be a line of ours: it is indented and cannot move the cursor. */
export function approvalLines(approval: ApprovalView): string[] {
  const { id, kind, subject, classification, userId, requestedAt, proposal, edited } = approval;
  return [
    printable(subject),
    `${kind} for ${printable(userId)}, ${classification}, asked ${requestedAt}`,
    printable(standing(approval)),
    '',
    edited ? 'What is done, as edited:' : 'What would be done:',
    ...valueLines(proposal, '  '),
    '',
    `approval ${id}`,
  ];
}

/** How it stands in one line. */
export function standing({ status, expiresAt, decidedBy, decidedAt, reason }: ApprovalView): string {
  if (status === 'pending') return `waits for a decision until ${expiresAt}`;
  if (status === 'expired') return `expired at ${expiresAt}; nothing was done`;
  return `${status} by ${decidedBy} at ${decidedAt}${reason ? `: ${reason}` : ''}`;
}

function valueLines(value: Readonly<Record<string, unknown>>, indent: string): string[] {
  return Object.entries(value).flatMap(([name, field]) => {
    const label = `${indent}${printable(name)}:`;
    if (isRecord(field)) return [label, ...valueLines(field, `${indent}  `)];
    const text = typeof field === 'string' ? field : JSON.stringify(field);
    const lines = text.split(/\r?\n/).map(printable);
    return lines.length === 1
      ? [`${label} ${lines[0]}`]
      : [label, ...lines.map((line) => `${indent}  ${line}`.trimEnd())];
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
