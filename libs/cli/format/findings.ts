import type { Finding } from '../doctor/finding.ts';

const MARK = { ok: '✓', note: '!', fail: '✗' } as const;
const COLOUR = { ok: 'green', note: 'yellow', fail: 'red' } as const;

type Paint = (style: 'green' | 'yellow' | 'red' | 'cyan', text: string) => string;

/** A line for each finding, its remedy below it, and the verdict. */
export function findingLines(findings: readonly Finding[], paint: Paint): string[] {
  const width = Math.max(...findings.map(({ name }) => name.length));
  const failures = findings.filter(({ state }) => state === 'fail').length;
  return [
    ...findings.flatMap(({ name, state, detail, remedy }) => [
      `${paint(COLOUR[state], MARK[state])} ${name.padEnd(width)}  ${detail}`,
      ...(remedy ? [`  ${' '.repeat(width)}  ${paint('cyan', '→')} ${remedy}`] : []),
    ]),
    '',
    failures === 0 ? 'All is well.' : `${failures} ${failures === 1 ? 'thing needs' : 'things need'} mending.`,
  ];
}
