import { table } from './table.ts';

/** The answer of `GET /audit/completeness`. A gap lies between two numbers, both of which are there. */
export interface Completeness {
  readonly writers: readonly {
    readonly writer: string;
    readonly entries: number;
    readonly from: number;
    readonly to: number;
    readonly open: boolean;
    readonly lastAt: string;
  }[];
  readonly gaps: readonly {
    readonly writer: string;
    readonly after: number;
    readonly before: number;
    readonly missing: number;
  }[];
}

/** The writers, what is missing of each, and the verdict. */
export function completenessLines({ writers, gaps }: Completeness): string[] {
  const rows = writers.map(({ writer, entries, from, to, open, lastAt }) => [
    writer,
    String(entries),
    `${from}-${to}`,
    open ? 'writing' : 'closed',
    lastAt,
  ]);
  const missing = gaps.reduce((sum, gap) => sum + gap.missing, 0);
  return [
    ...table(['WRITER', 'ENTRIES', 'NUMBERS', 'STATE', 'LAST'], rows),
    ...gaps.map((gap) => `✗ ${gap.writer}: ${gap.missing} missing between ${gap.after} and ${gap.before}`),
    missing === 0 ? '✓ nothing is missing' : `✗ ${missing} ${missing === 1 ? 'entry is' : 'entries are'} missing`,
  ];
}
