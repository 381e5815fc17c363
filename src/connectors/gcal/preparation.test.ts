import { describe, expect, it } from '@jest/globals';
import type { GoogleEvent } from './client.ts';
import { needsPreparation } from './preparation.ts';

const ANA = 'ana@acme.test';
const own = { email: ANA, self: true };
const guest = (name: string, domain = 'acme.test') => ({ email: `${name}@${domain}` });
const meeting = (changes: GoogleEvent = {}): GoogleEvent => ({
  summary: 'Sync',
  organizer: { email: 'bob@acme.test' },
  attendees: [guest('bob'), own],
  ...changes,
});
const needs = (changes: GoogleEvent = {}) => needsPreparation(meeting(changes), ANA);

describe('a meeting needs preparation', () => {
  it('not by taking place', () => {
    expect(needs()).toBe(false);
  });

  it('where the person organises it for more than two', () => {
    const organizer = { email: ANA, self: true };
    expect(needs({ organizer })).toBe(false);
    expect(needs({ organizer, attendees: [own, guest('bob'), guest('cid')] })).toBe(true);
    const room = { email: 'room@resource.calendar.google.com', resource: true };
    expect(needs({ organizer, attendees: [own, guest('bob'), room] })).toBe(false);
  });

  it('where a document is attached or linked', () => {
    expect(needs({ attachments: [{ fileUrl: 'https://docs.google.com/document/d/1/edit' }] })).toBe(true);
    expect(needs({ description: 'notes: https://docs.google.com/spreadsheets/d/1' })).toBe(true);
    expect(needs({ description: '<a href="https://files.acme.test/plan.pdf">plan</a>' })).toBe(true);
    expect(needs({ description: 'Join at https://meet.google.com/abc' })).toBe(false);
  });

  it.each([
    'Agenda: budget',
    'Please read the proposal',
    'please have a look and review',
    'Pre-read attached',
    'Prepare two slides',
    '<b>Agenda</b>',
    'Tagesordnung folgt',
    'Bitte das Papier vorher lesen',
  ])('where its description asks for it: %s', (description) => {
    expect(needs({ description })).toBe(true);
  });

  it.each(['No agenda, just coffee', 'Keine Vorbereitung nötig', 'Reading group', 'no preparation needed'])(
    'not where its description says the opposite, or something else: %s',
    (description) => {
      expect(needs({ description })).toBe(false);
    },
  );

  it('where somebody from outside takes part, unless it is a show for many', () => {
    expect(needs({ attendees: [own, guest('zoe', 'customer.test')] })).toBe(true);
    expect(needs({ attendees: [own, guest('zoe', 'eu.acme.test')] })).toBe(false);
    const crowd = Array.from({ length: 30 }, (_, n) => guest(`p${n}`, 'customer.test'));
    expect(needs({ attendees: [own, ...crowd] })).toBe(false);
  });

  it('never where the person has declined, is optional or alone, or it is no meeting', () => {
    const asked = { description: 'Agenda' };
    expect(needs({ ...asked, attendees: [guest('bob'), { ...own, responseStatus: 'declined' }] })).toBe(false);
    expect(needs({ ...asked, attendees: [guest('bob'), { ...own, optional: true }] })).toBe(false);
    expect(needs({ ...asked, organizer: { email: ANA }, attendees: undefined })).toBe(false);
    expect(needs({ ...asked, eventType: 'focusTime' })).toBe(false);
    expect(needs({ ...asked, status: 'cancelled' })).toBe(false);
  });
});
