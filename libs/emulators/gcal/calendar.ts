import { GoogleRefusal, notFound } from '../google/refusal.ts';
import { instance, instancesOf, type CalendarEvent } from './event.ts';

const MOST_ANSWERS = 16;

/** An event in one person's calendar. */
export interface Entry {
  event: CalendarEvent;
  /** When it last changed, counted in changes of this calendar. */
  changed: number;
  /** How a recurring event was before its changes: its former instances have to be reported as cancelled. */
  readonly former: { readonly event: CalendarEvent; readonly until: number }[];
}

/** One person's calendar: its events, and in which order they changed. */
export class Calendar {
  readonly entries = new Map<string, Entry>();
  /** By recurring event: its changed and cancelled instances, by their stamp. */
  private readonly exceptions = new Map<string, Set<string>>();
  changes = 0;
  /** Tokens of an earlier generation have expired. */
  generation = 0;
  /** Answers already given, as text, by what was asked; good until something changes. */
  private readonly answers = new Map<string, string>();

  constructor(
    readonly email: string,
    readonly name: string,
    readonly timeZone: string,
  ) {}

  put(event: CalendarEvent): void {
    this.changes += 1;
    this.answers.clear();
    const entry = this.entries.get(event.id);
    if (entry === undefined) {
      this.entries.set(event.id, { event, changed: this.changes, former: [] });
    } else {
      if (entry.event.recurrence !== undefined) entry.former.push({ event: entry.event, until: this.changes });
      entry.event = event;
      entry.changed = this.changes;
    }
    const { recurringEventId: series } = event;
    if (series !== undefined) {
      const known = this.exceptions.get(series) ?? new Set();
      this.exceptions.set(series, known.add(event.id));
    }
  }

  /** The answer to a question asked before, where nothing has changed since. */
  remembered(question: string, answer: () => unknown): string {
    const key = `${this.generation} ${question}`;
    const known = this.answers.get(key);
    if (known !== undefined) return known;
    const text = JSON.stringify(answer());
    if (this.answers.size >= MOST_ANSWERS) this.answers.clear();
    this.answers.set(key, text);
    return text;
  }

  /** The changed and cancelled instances of a recurring event. */
  exceptionsOf(series: string): CalendarEvent[] {
    return [...(this.exceptions.get(series) ?? [])].flatMap((id) => this.entries.get(id)?.event ?? []);
  }

  isException(series: string, id: string): boolean {
    return this.exceptions.get(series)?.has(id) ?? false;
  }

  /**
   * An event, or an instance of a recurring one, by its id.
   * @throws GoogleRefusal 404
   */
  find(id: string): CalendarEvent {
    const known = this.entries.get(id)?.event;
    if (known !== undefined) return known;
    const [, series = '', stamp = ''] = /^(.+)_(\d{8}(?:T\d{6}Z)?)$/.exec(id) ?? [];
    const event = this.entries.get(series)?.event;
    if (event !== undefined && event.status !== 'cancelled') {
      const day = Date.parse(`${stamp.slice(0, 4)}-${stamp.slice(4, 6)}-${stamp.slice(6, 8)}T00:00:00Z`);
      const found = instancesOf(event, this.timeZone, day, day + 86_400_000).find((one) => one.stamp === stamp);
      if (found !== undefined) return instance(event, found, this.timeZone);
    }
    throw notFound();
  }

  /** @throws GoogleRefusal 410 for what has been deleted */
  findLive(id: string): CalendarEvent {
    const event = this.find(id);
    if (event.status === 'cancelled') throw new GoogleRefusal(410, 'deleted', 'Resource has been deleted');
    return event;
  }
}
