import type { AuditEntry } from './entry.ts';

const CSV_COLUMNS = [
  'id',
  'tenantId',
  'timestamp',
  'userId',
  'orgId',
  'teamIds',
  'actor',
  'actionType',
  'actionDetail',
  'dataAccessed',
  'modelUsed',
  'modelTokens',
  'dataClassification',
  'policyApplied',
  'policyResult',
  'policyReason',
  'outcome',
  'requestId',
  'writer',
  'writerSeq',
] as const satisfies readonly (keyof AuditEntry)[];

export const EXPORT_FORMATS = ['jsonl', 'csv'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export const CONTENT_TYPE: Readonly<Record<ExportFormat, string>> = {
  jsonl: 'application/x-ndjson; charset=utf-8',
  csv: 'text/csv; charset=utf-8; header=present',
};

/** What stands before the first entry. */
export function headOf(format: ExportFormat): string {
  return format === 'csv' ? `${CSV_COLUMNS.join(',')}\r\n` : '';
}

/** One entry as a line, with its line end. */
export function lineOf(format: ExportFormat, entry: AuditEntry): string {
  if (format === 'jsonl') return `${JSON.stringify(entry)}\n`;
  return `${CSV_COLUMNS.map((column) => csvCell(entry[column])).join(',')}\r\n`;
}

/**
 * A cell by RFC 4180. Objects and lists are JSON. A text that a spreadsheet would take for a formula (it begins with
 * `=`, `+`, `-`, `@`, tab or carriage return) gets an apostrophe in front.
 */
export function csvCell(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
