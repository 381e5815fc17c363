import { describe, expect, it } from '@jest/globals';
import type { GoogleEvent } from './client.ts';
import { toWorkItem } from './items.ts';

const NOW = Date.parse('2026-11-25T08:00:00Z');
const ANA = { userId: 'u1', email: 'ana@acme.test', name: 'Ana', timeZone: 'Europe/Berlin' };
const BASE: GoogleEvent = {
  id: 'e1',
  status: 'confirmed',
  summary: 'Sync',
  iCalUID: 'e1@google.com',
  created: '2026-11-01T08:00:00.000Z',
  updated: '2026-11-02T08:00:00.000Z',
  organizer: { email: 'Bob@acme.test' },
  attendees: [{ email: 'bob@acme.test' }, { email: 'ana@acme.test', self: true, responseStatus: 'accepted' }],
  start: { dateTime: '2026-11-26T10:00:00+01:00' },
  end: { dateTime: '2026-11-26T11:00:00+01:00' },
};
const item = (changes: GoogleEvent = {}, account = ANA) => toWorkItem({ ...BASE, ...changes }, account, NOW);

describe('an event as an item', () => {
  it('takes its time, is asked for by its organiser, and is no work by itself', () => {
    expect(item()).toMatchObject({
      system: 'gcal',
      id: 'e1',
      kind: 'meeting',
      title: 'Sync',
      names: ['event:e1@google.com'],
      asker: 'bob@acme.test',
      reasons: [],
      deadline: '2026-11-26T09:00:00.000Z',
      event: { start: '2026-11-26T09:00:00.000Z', end: '2026-11-26T10:00:00.000Z', allDay: false, busy: true },
      done: null,
      classification: 'internal',
    });
  });

  it('is asked for by nobody where the person organises it', () => {
    expect(item({ organizer: { email: 'ana@acme.test', self: true } })?.asker).toBeNull();
  });

  it('has passed when it is over, and needs no preparation then', () => {
    const over = {
      start: { dateTime: '2026-11-25T07:00:00Z' },
      end: { dateTime: '2026-11-25T08:00:00Z' },
      summary: 'Agenda',
    };
    expect(item(over)).toMatchObject({ done: { at: '2026-11-25T08:00:00.000Z', how: 'passed' }, reasons: [] });
  });

  it('takes no time where it is declined, marked as free, a working location or cancelled', () => {
    const declined = { attendees: [{ email: 'ANA@acme.test', responseStatus: 'declined' }, { email: 'x@other.test' }] };
    expect(item(declined)).toMatchObject({ event: { busy: false }, reasons: [], deadline: null });
    expect(item({ transparency: 'transparent' })?.event?.busy).toBe(false);
    expect(item({ eventType: 'workingLocation' })?.event?.busy).toBe(false);
    expect(item({ status: 'cancelled' })).toMatchObject({ event: { busy: false }, reasons: [] });
    expect(item({ eventType: 'focusTime' })?.event?.busy).toBe(true);
  });

  it('takes whole days of the person’s zone where it is all-day, short and long days of a clock change included', () => {
    const days = { start: { date: '2026-10-25' }, end: { date: '2026-10-26' } };
    expect(item(days)?.event).toEqual({
      start: '2026-10-24T22:00:00.000Z',
      end: '2026-10-25T23:00:00.000Z',
      allDay: true,
      busy: true,
    });
    expect(item(days, { ...ANA, timeZone: 'Asia/Tokyo' })?.event?.start).toBe('2026-10-24T15:00:00.000Z');
  });

  it('reads a clock time without an offset in the zone beside it, and in the person’s where that is unknown', () => {
    const start = (timeZone?: string) =>
      item({ start: { dateTime: '2026-11-26T10:00:00', timeZone }, end: undefined })?.event?.start;
    expect(start('America/New_York')).toBe('2026-11-26T15:00:00.000Z');
    expect(start('Mars/Olympus')).toBe('2026-11-26T09:00:00.000Z');
    expect(start()).toBe('2026-11-26T09:00:00.000Z');
  });

  it('lasts an hour without an end, a day where it is all-day, and nothing where it ends before it starts', () => {
    const start = BASE.start;
    expect(item({ end: undefined, endTimeUnspecified: true })?.event?.end).toBe('2026-11-26T10:00:00.000Z');
    expect(item({ start: { date: '2026-11-26' }, end: undefined })?.event?.end).toBe('2026-11-26T23:00:00.000Z');
    expect(item({ start, end: { dateTime: '2026-11-25T10:00:00Z' } })?.event?.end).toBe('2026-11-26T09:00:00.000Z');
  });

  it('is nothing without an id or a time', () => {
    expect(item({ start: undefined })).toBeNull();
    expect(item({ start: { dateTime: 'tomorrow' } })).toBeNull();
    expect(item({ id: undefined })).toBeNull();
    expect(toWorkItem({}, ANA, NOW)).toBeNull();
  });

  it('is told apart from the other instances of its series', () => {
    const instance = { recurringEventId: 'e1', originalStartTime: { dateTime: '2026-11-26T10:00:00+01:00' } };
    expect(item(instance)?.names).toEqual(['event:e1@google.com/2026-11-26T09:00:00.000Z']);
  });

  it('refers to what its description, links and attachments name', () => {
    const references = item({
      summary: 'Review PLAT-12',
      description: '<p>See <a href="https://github.com/acme/gateway/pull/42/files?a=1&amp;b=2">this</a></p>',
      attachments: [{ fileUrl: 'https://docs.google.com/document/d/abc123/edit?usp=drive_web', title: 'Notes' }],
    })?.references.map(({ to }) => to);
    expect(references).toEqual(
      expect.arrayContaining([
        'key:PLAT-12',
        'url:https://github.com/acme/gateway/pull/42',
        'url:https://drive.google.com/file/d/abc123',
      ]),
    );
  });

  it('is confidential where its owner has made it private', () => {
    expect(item({ visibility: 'private' })?.classification).toBe('confidential');
  });

  it('survives nonsense in every field', () => {
    const odd = {
      ...BASE,
      summary: 7,
      description: { a: 1 },
      attendees: [null, { email: 4 }, 'x'],
      attachments: 'none',
      organizer: null,
      created: 'never',
      updated: '0000-12-30T00:00:00.000Z',
      htmlLink: 3,
      iCalUID: null,
      location: ['x'],
    } as unknown as GoogleEvent;
    expect(toWorkItem(odd, ANA, NOW)).toMatchObject({
      title: '(no title)',
      names: [],
      asker: null,
      createdAt: '2026-11-26T09:00:00.000Z',
    });
  });

  it('takes no longer than its length over titles and descriptions of a megabyte', () => {
    const began = performance.now();
    for (const piece of ['<', 'href="', '<a href=', 'please ', '&amp;', 'ü🎉\u202e', 'no agenda ']) {
      const text = piece.repeat(1_000_000 / piece.length);
      const found = item({ summary: text, description: text });
      expect(found?.title.length).toBeLessThanOrEqual(300);
    }
    expect(performance.now() - began).toBeLessThan(30_000);
  });
});
