import type { BriefedTask, Briefing } from '../briefing.ts';
import {
  answers,
  clock,
  counted,
  dayAndClock,
  dayName,
  isForLater,
  keptOut,
  scoreInWords,
  SYSTEM_NAMES,
  waiting,
  warnings,
} from './in-words.ts';
import { printable } from './printable.ts';

const WIDTH = 96;
const INDENT = '      ';

/** A briefing for a terminal of a hundred columns. */
export function toText(briefing: Briefing): string {
  const lines = [
    `${isForLater(briefing) ? 'Plan for' : 'Briefing for'} ${dayName(briefing)} · ${briefing.timeZone}`,
    `made ${dayAndClock(briefing.generatedAt, briefing.timeZone)} · ${briefing.classification} · ${summary(briefing)}`,
    ...warnings(briefing).map((line) => cut(`! ${printable(line)}`)),
    ...answers(briefing).map((line) => cut(line)),
    ...waiting(briefing),
    ...keptOut(briefing).flatMap((line) => folded(printable(line))),
    '',
    ...dayLines(briefing),
    'TASKS',
    ...briefing.tasks.flatMap((task, i) => taskLines(task, i, briefing)),
    ...(briefing.tasks.length === 0 ? ['  Nothing asks for you.'] : []),
    ...(briefing.more > 0 ? [`  … and ${counted(briefing.more, 'more task')}: GET /api/v1/tasks`] : []),
  ];
  return `${lines.join('\n')}\n`;
}

function summary({ tasks, more, meetings }: Briefing): string {
  return [counted(tasks.length + more, 'task'), counted(meetings.length, 'meeting')].join(' · ');
}

/** Meetings and time blocks of the day in one list. */
function dayLines({ meetings, timeBlocks, timeZone, tasks }: Briefing): string[] {
  const rank = new Map(tasks.map(({ id }, i) => [id, i + 1]));
  const allDay = meetings
    .filter((meeting) => meeting.allDay)
    .map(({ title }) => `  all day        ${printable(title)}`);
  const timed = [
    ...meetings.filter((meeting) => !meeting.allDay).map((m) => ({ ...m, mark: ' ', text: m.title, ref: '' })),
    ...timeBlocks.map((b) => ({ ...b, mark: '>', text: b.label, ref: ` [${rank.get(b.taskId) ?? '?'}]` })),
  ].sort((a, b) => Date.parse(a.start) - Date.parse(b.start));
  const lines = timed.map(({ start, end, mark, text, ref }) =>
    cut(`  ${clock(start, timeZone)}–${clock(end, timeZone)} ${mark} ${printable(text)}`, ref),
  );
  if (allDay.length + lines.length === 0) return [];
  return ['THE DAY   (> time set aside for a task)', ...allDay.map((line) => cut(line)), ...lines, ''];
}

function taskLines(task: BriefedTask, at: number, { tasks }: Briefing): string[] {
  const other = task.relation && tasks.findIndex(({ id }) => id === task.relation!.taskId);
  const lines = [
    cut(`${String(at + 1).padStart(3)}. ${printable(task.title)}`, `  ${task.score}`),
    ...wrapped(task.reasons.length > 0 ? task.reasons : ['nothing presses']),
    cut(`${INDENT}score ${scoreInWords(task)}`),
    ...task.sources.map(({ system, id, url }) => {
      const where = url ?? id;
      return `${INDENT}${SYSTEM_NAMES[system]}: ${printable(where)}`;
    }),
  ];
  if (task.relation && other !== undefined && other >= 0)
    lines.push(`${INDENT}maybe the same work as ${other + 1} (${Math.round(task.relation.confidence * 100)} %)`);
  return [...lines, ''];
}

/** Reasons side by side, as many a line as fit. */
function wrapped(reasons: readonly string[]): string[] {
  const lines: string[] = [];
  for (const reason of reasons) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + reason.length + 3 <= WIDTH) lines[lines.length - 1] = `${last} · ${reason}`;
    else lines.push(`${INDENT}${reason}`);
  }
  return lines;
}

/** A sentence in as many lines as it takes. */
function folded(sentence: string): string[] {
  const lines: string[] = [];
  for (const word of sentence.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length + 1 <= WIDTH) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(cut(word));
  }
  return lines;
}

/** Cuts to the width, with `end` kept at its end. */
function cut(line: string, end = ''): string {
  const room = WIDTH - end.length;
  const characters = [...line];
  return (characters.length > room ? `${characters.slice(0, room - 1).join('')}…` : line) + end;
}
