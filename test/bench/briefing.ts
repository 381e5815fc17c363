import { correlate, plan, rank, type PlannableTask } from '#briefing';
import type { EventTime, WorkItem } from '#connectors';
import { contextItems } from '../correlation/context.ts';
import { growth } from './growth.ts';

const SIZES = [100, 1_000, 10_000, 100_000];
const NOW = Date.parse('2026-11-25T07:00:00Z');

const taskOf = (item: WorkItem) => ({ id: `${item.system}:${item.id}`, title: item.title, items: [item] });
const tasks = (n: number) => contextItems(n).map(taskOf);
const context = { now: NOW, zone: 'Europe/Berlin', seniorityOf: (email: string) => email.length % 16 };

/** As many meetings as tasks, of which the day has room for few. */
function day(n: number): { readonly ranked: PlannableTask[]; readonly events: EventTime[] } {
  const events = Array.from({ length: n }, (_, i) => {
    const start = NOW + (((i * 7_919) % 2_880) - 720) * 60_000;
    return {
      start: new Date(start).toISOString(),
      end: new Date(start + 600_000).toISOString(),
      allDay: false,
      busy: i % 500 === 0,
    };
  });
  return { ranked: tasks(n), events };
}

/** The rules of the briefing, each from a hundred to a hundred thousand. */
export const correlatorBenchmarks: Readonly<Record<string, () => ReturnType<typeof growth>>> = {
  'correlate (work items)': () => growth(SIZES, contextItems, (items) => correlate(items)),
  'rank (tasks)': () => growth(SIZES, tasks, (all) => rank(all, context)),
  'plan (tasks and events)': () =>
    growth(SIZES, day, ({ ranked, events }) =>
      plan(ranked, events, { now: NOW, day: '2026-11-25', zone: 'Europe/Berlin' }),
    ),
};
