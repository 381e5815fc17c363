import type { BriefedTask, Briefing } from '../briefing.ts';
import {
  answers,
  clock,
  counted,
  dayName,
  isForLater,
  keptOut,
  scoreInWords,
  SYSTEM_NAMES,
  waiting,
  warnings,
} from './in-words.ts';
import { printable } from './printable.ts';

/** A briefing as Markdown: for mail, chat and notes. */
export function toMarkdown(briefing: Briefing): string {
  const blocks = [
    `# ${isForLater(briefing) ? 'Plan for' : 'Briefing for'} ${dayName(briefing)}`,
    `${counted(briefing.tasks.length + briefing.more, 'task')}, ${counted(briefing.meetings.length, 'meeting')}; ` +
      `times in ${briefing.timeZone}; classified ${briefing.classification}.`,
    ...warnings(briefing).map((line) => `> **Note:** ${literal(line)}`),
    ...answers(briefing).map((line) => `${line}.`),
    ...waiting(briefing).map((line) => `> ${literal(line)}`),
    ...keptOut(briefing).map((line) => literal(line)),
    ...day(briefing),
    '## Tasks',
    ...(briefing.tasks.length === 0 ? ['Nothing asks for you.'] : [briefing.tasks.map(task).join('\n')]),
    ...(briefing.more > 0 ? [`… and ${counted(briefing.more, 'more task')}.`] : []),
  ];
  return `${blocks.join('\n\n')}\n`;
}

function day({ meetings, timeBlocks, timeZone }: Briefing): string[] {
  const rows = [
    ...meetings.map((m) => ({ ...m, text: literal(m.title) })),
    ...timeBlocks.map((b) => ({ ...b, allDay: false, text: `**${literal(b.label)}**` })),
  ].sort((a, b) => Number(b.allDay) - Number(a.allDay) || Date.parse(a.start) - Date.parse(b.start));
  if (rows.length === 0) return [];
  const lines = rows.map(({ start, end, allDay, text }) =>
    allDay ? `| all day | ${text} |` : `| ${clock(start, timeZone)}–${clock(end, timeZone)} | ${text} |`,
  );
  return ['## The day', ['| Time | What |', '|---|---|', ...lines].join('\n')];
}

function task(given: BriefedTask, at: number): string {
  const sources = given.sources.map(({ system, id, url }) => {
    const address = linkable(url);
    return address ? `[${SYSTEM_NAMES[system]}](${address})` : `${SYSTEM_NAMES[system]} ${literal(id)}`;
  });
  const why = given.reasons.length > 0 ? `${given.reasons.join(', ')}. ` : '';
  return `${at + 1}. **${literal(given.title)}** (score ${scoreInWords(given)})  \n   ${why}${sources.join(', ')}`;
}

/** Text of others as text: nothing in it is markup. */
function literal(text: string): string {
  return printable(text).replace(/[\\`*_{}[\]<>()#+!|~&-]/g, (mark) => `\\${mark}`);
}

/** Only web addresses become links, and none that could end one. */
function linkable(url: string | null): string | null {
  if (url === null || !/^https?:\/\//i.test(url)) return null;
  return printable(url)
    .replace(/[\s()<>]/g, encodeURIComponent)
    .replace(/[()]/g, (c) => (c === '(' ? '%28' : '%29'));
}
