import { randomBytes } from 'node:crypto';
import { EmulatorServer, type EmulatedAnswer, type EmulatedRequest } from '../emulator-server.ts';
import type { Emulator, FaultPlan, Written } from '../emulator.ts';
import { Channels } from '../google/channels.ts';
import { bodyOf, GoogleRefusal, invalid, notFound, UNAUTHORISED } from '../google/refusal.ts';
import { Calendar } from './calendar.ts';
import { checkTimes, fieldsOf, rendered, type Attendee, type CalendarEvent, type EventDraft } from './event.ts';
import { freeBusy } from './free-busy.ts';
import { listEvents, listInstances } from './listing.ts';

export interface GcalEmulatorOptions {
  readonly port?: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

export async function startGcalEmulator(options: GcalEmulatorOptions = {}): Promise<GcalEmulator> {
  return GcalEmulator.start(options);
}

const ROOT = '/calendar/v3/';

/** Google Calendar API v3, with everyone's primary calendar. */
export class GcalEmulator implements Emulator {
  private readonly calendars = new Map<string, Calendar>();
  private readonly channels: Channels;
  private server!: EmulatorServer;

  private constructor(private readonly now: () => number) {
    this.channels = new Channels(now);
  }

  static async start({ port, now = Date.now }: GcalEmulatorOptions): Promise<GcalEmulator> {
    const emulator = new GcalEmulator(now);
    const answer = (request: EmulatedRequest) => emulator.answer(request);
    emulator.server = await EmulatorServer.listen({ unauthorised: () => UNAUTHORISED, answer }, port);
    return emulator;
  }

  get url(): string {
    return this.server.url;
  }
  get written(): readonly Written[] {
    return this.server.written;
  }
  get answered(): ReadonlyMap<number, number> {
    return this.server.answered;
  }
  set faults(plan: FaultPlan) {
    this.server.faults = plan;
  }
  addToken(token: string, email: string): void {
    this.server.addToken(token, email);
  }
  revokeToken(token: string): void {
    this.server.revokeToken(token);
  }
  close(): Promise<void> {
    return this.server.close();
  }

  /** Gives a person a calendar; whoever signs in without one gets one in UTC. */
  addCalendar(email: string, timeZone = 'UTC', name = email): void {
    this.calendars.set(email, new Calendar(email, name, timeZone));
  }

  /** Puts an event into the calendars of its organiser and everyone invited; nothing is checked, so that it may be odd. */
  addEvent(organiser: string, draft: EventDraft): CalendarEvent {
    const event = this.created(organiser, draft);
    this.spread(event);
    return event;
  }

  /** Changes an event, or one instance of a recurring event (`<id>_<stamp>`), as its organiser would. */
  updateEvent(email: string, id: string, changes: Readonly<Record<string, unknown>>): CalendarEvent {
    return this.change(this.calendarOf(email).findLive(id), changes);
  }

  /** Cancels an event for everyone: one, an instance of a recurring one, or a whole series. */
  cancelEvent(email: string, id: string): void {
    const calendar = this.calendarOf(email);
    this.change(calendar.findLive(id), { status: 'cancelled' });
    for (const one of calendar.exceptionsOf(id)) this.change(one, { status: 'cancelled' });
  }

  /** From now on every sync token given out for this calendar is answered with 410. */
  expireSyncTokens(email: string): void {
    this.calendarOf(email).generation += 1;
  }

  /** Posts to everyone who watches this person's calendar; answers with their statuses. */
  notify(email: string): Promise<number[]> {
    return this.channels.notify(email);
  }

  private async answer(request: EmulatedRequest): Promise<EmulatedAnswer> {
    try {
      return this.route(request);
    } catch (error) {
      if (error instanceof GoogleRefusal) return error.answer;
      throw error;
    }
  }

  private route(request: EmulatedRequest): EmulatedAnswer {
    if (!request.path.startsWith(ROOT)) throw notFound();
    const [head, ...rest] = request.path.slice(ROOT.length).split('/').map(decodeURIComponent);
    const calendar = this.calendarOf(request.email);
    const body = () => bodyOf(request);
    switch (`${request.method} ${head ?? ''}`) {
      case 'GET users':
        return ok({ kind: 'calendar#calendarList', items: [listed(calendar)] });
      case 'POST freeBusy':
        return ok(freeBusy(body(), calendar, (email) => this.calendars.get(email), this.now()));
      case 'POST channels':
        this.channels.stop(request.email, body());
        return { status: 204 };
      case 'GET calendars':
      case 'POST calendars':
      case 'PATCH calendars':
      case 'PUT calendars':
      case 'DELETE calendars': {
        const [name, , ...place] = rest;
        if (name !== 'primary' && name !== calendar.email) throw notFound();
        return rest.length === 1 ? ok(described(calendar)) : this.events(request, calendar, place);
      }
      default:
        throw notFound();
    }
  }

  private events(request: EmulatedRequest, calendar: Calendar, [id, part]: string[]): EmulatedAnswer {
    const { method, query, email } = request;
    if (id === 'watch' && method === 'POST') {
      const uri = `${this.url}${ROOT}calendars/${encodeURIComponent(email)}/events?alt=json`;
      return ok(this.channels.watch(email, uri, bodyOf(request)));
    }
    if (id === undefined) {
      if (method === 'GET')
        return json(calendar.remembered(query.toString(), () => listEvents(calendar, query, this.now())));
      return method === 'POST' ? this.insert(calendar, bodyOf(request)) : notAllowed();
    }
    if (part === 'instances') return ok(listInstances(calendar, id, query, this.now()));
    if (method === 'GET') return ok(rendered(calendar.find(id), email));
    const event = calendar.findLive(id);
    const match = request.headers['if-match'];
    if (match !== undefined && match !== '*' && match !== rendered(event, email).etag) {
      throw new GoogleRefusal(412, 'conditionNotMet', 'Precondition Failed', 'If-Match');
    }
    switch (method) {
      case 'PATCH':
      case 'PUT':
        return this.patch(calendar, event, bodyOf(request));
      case 'DELETE':
        return this.remove(calendar, event);
      default:
        return notAllowed();
    }
  }

  private insert(calendar: Calendar, body: Record<string, unknown>): EmulatedAnswer {
    const { id } = body;
    if (id !== undefined && (typeof id !== 'string' || !/^[a-v0-9]{5,1024}$/.test(id))) {
      throw invalid('Invalid resource id value.');
    }
    if (id !== undefined && calendar.entries.has(id)) {
      throw new GoogleRefusal(409, 'duplicate', 'The requested identifier already exists.');
    }
    const fields = fieldsOf(body);
    checkTimes(fields, calendar.timeZone);
    const event = this.addEvent(calendar.email, fields);
    this.server.record(calendar.email, 'events.insert', { id: event.id, summary: event.summary, start: event.start });
    return ok(rendered(event, calendar.email));
  }

  private patch(calendar: Calendar, event: CalendarEvent, body: Record<string, unknown>): EmulatedAnswer {
    const changes = fieldsOf(body);
    const own = event.organizer.email === calendar.email || event.guestsCanModify === true;
    // A guest may answer, and nothing more.
    const answer = (changes.attendees as Attendee[] | undefined)?.find((one) => one.email === calendar.email);
    if (!own && answer === undefined)
      throw new GoogleRefusal(
        403,
        'forbiddenForNonOrganizer',
        'Shared properties can only be changed by the organizer of the event.',
      );
    checkTimes({ ...event, ...changes }, calendar.timeZone);
    const attendees = (event.attendees ?? []).map((one) =>
      one.email === calendar.email ? { ...one, responseStatus: answer?.responseStatus } : one,
    );
    const changed = this.change(event, own ? changes : { attendees });
    this.server.record(calendar.email, 'events.patch', { id: event.id, changes });
    return ok(rendered(changed, calendar.email));
  }

  private remove(calendar: Calendar, event: CalendarEvent): EmulatedAnswer {
    if (event.organizer.email === calendar.email) this.cancelEvent(calendar.email, event.id);
    else calendar.put({ ...event, status: 'cancelled' });
    this.server.record(calendar.email, 'events.delete', { id: event.id });
    return { status: 204 };
  }

  private created(organiser: string, draft: EventDraft): CalendarEvent {
    const id = draft.id ?? randomBytes(13).toString('hex');
    const at = new Date(this.now()).toISOString();
    return {
      status: 'confirmed',
      organizer: { email: organiser },
      creator: { email: organiser },
      iCalUID: `${id}@google.com`,
      created: at,
      updated: at,
      sequence: 0,
      ...draft,
      version: 1,
      id,
    } as CalendarEvent;
  }

  private change(event: CalendarEvent, changes: Readonly<Record<string, unknown>>): CalendarEvent {
    const moved = 'start' in changes || 'end' in changes;
    const merged = Object.entries({ ...event, ...changes }).filter(([, value]) => value !== null);
    const changed = {
      ...Object.fromEntries(merged),
      id: event.id,
      updated: new Date(this.now()).toISOString(),
      sequence: event.sequence + (moved ? 1 : 0),
      version: event.version + 1,
    } as CalendarEvent;
    this.spread(changed, event);
    return changed;
  }

  /** An event lies in the calendars of all who take part, and disappears from those who no longer do. */
  private spread(event: CalendarEvent, before?: CalendarEvent): void {
    const now = new Set(participants(event));
    for (const email of new Set([...now, ...(before ? participants(before) : [])])) {
      const calendar = email === event.organizer.email ? this.calendarOf(email) : this.calendars.get(email);
      calendar?.put(now.has(email) ? event : { ...event, status: 'cancelled' });
    }
  }

  private calendarOf(email: string): Calendar {
    const known = this.calendars.get(email);
    if (known !== undefined) return known;
    this.addCalendar(email);
    return this.calendarOf(email);
  }
}

function participants(event: CalendarEvent): string[] {
  return [event.organizer.email, ...(event.attendees ?? []).map(({ email }) => email)];
}

function ok(body: unknown): EmulatedAnswer {
  return { status: 200, body };
}

function json(body: string): EmulatedAnswer {
  return { status: 200, headers: { 'content-type': 'application/json; charset=UTF-8' }, body };
}

function notAllowed(): never {
  throw new GoogleRefusal(405, 'httpMethodNotAllowed', 'Method Not Allowed');
}

function described({ email, name, timeZone }: Calendar) {
  return { kind: 'calendar#calendar', etag: '"1"', id: email, summary: name, timeZone };
}

function listed(calendar: Calendar) {
  return {
    ...described(calendar),
    kind: 'calendar#calendarListEntry',
    accessRole: 'owner',
    primary: true,
    selected: true,
  };
}
