import { describe, expect, test } from '@jest/globals';
import type { Briefing } from '../briefing.ts';
import { acceptedFormat, render } from './index.ts';

const BRIEFING: Briefing = {
  id: '01KAX3M4N5P6Q7R8S9T0V1W2X3',
  userId: 'alice',
  generatedAt: '2026-11-25T07:01:00.000Z',
  plannedDay: '2026-11-25',
  timeZone: 'Europe/Berlin',
  classification: 'internal',
  tasks: [
    {
      id: 'T1',
      title: 'Rotate the keys',
      score: 47,
      scoreParts: { deadline: 30, seniority: 10, followUps: 7, sla: 0, blocking: 0 },
      reasons: ['was due yesterday', 'asked once more'],
      sources: [{ system: 'jira', id: 'PLAT-3', url: 'https://acme.atlassian.net/browse/PLAT-3' }],
      classification: 'internal',
    },
  ],
  more: 2,
  timeBlocks: [
    {
      start: '2026-11-25T09:45:00+01:00',
      end: '2026-11-25T10:45:00+01:00',
      taskId: 'T1',
      label: 'Work on: Rotate the keys',
    },
  ],
  meetings: [{ start: '2026-11-25T08:15:00.000Z', end: '2026-11-25T08:30:00.000Z', title: 'Stand-up', allDay: false }],
  autoResponses: { sent: 0, drafted: 0, surfaced: 0, expired: 0 },
  approvals: { pending: 0 },
  connectorStatus: [
    {
      connector: 'github',
      state: 'unreachable',
      reason: 'github answers with errors',
      lastSync: '2026-11-24T16:30:00.000Z',
    },
    { connector: 'jira', state: 'ok', lastSync: '2026-11-25T07:00:00.000Z' },
  ],
};
const hostile = (title: string): Briefing => ({ ...BRIEFING, tasks: [{ ...BRIEFING.tasks[0]!, title }] });

describe('as text', () => {
  const { body } = render(BRIEFING, 'text');

  test('it shows meetings and time blocks in order, in the time zone of the person', () => {
    expect(body).toMatch(/09:15–09:30 {3}Stand-up\n {2}09:45–10:45 > Work on: Rotate the keys \[1\]/);
  });

  test('it says why a task stands where it stands, and where it comes from', () => {
    expect(body).toContain('was due yesterday · asked once more');
    expect(body).toContain('score 47 = deadline 30 + follow-ups 7 + seniority 10');
    expect(body).toContain('Jira: https://acme.atlassian.net/browse/PLAT-3');
    expect(body).toContain('and 2 more tasks');
  });

  test('it names the system that was down, why, and how old what is known is', () => {
    expect(body).toContain('! GitHub could not be read: github answers with errors. Last good look Tue 24 Nov 17:30.');
    expect(body).not.toContain('! Jira');
  });

  test('systems that policy keeps out are told once, together, and are no warning', () => {
    const reason = 'no integrations policy lists it';
    const connectorStatus = (['gmail', 'gcal', 'jira'] as const).map((connector) => ({
      ...{ connector, state: 'unreachable' as const, reason, denied: true as const, lastSync: null },
    }));
    const text = render({ ...BRIEFING, connectorStatus }, 'text').body;
    expect(text).toContain(
      '\nGmail, Google Calendar and Jira are kept out by policy: no integrations policy lists it.\n',
    );
    expect(text).not.toContain('! ');
    const markdown = render({ ...BRIEFING, connectorStatus: connectorStatus.slice(0, 1) }, 'md').body;
    expect(markdown).toContain('Gmail is kept out by policy: no integrations policy lists it');
  });

  test('no line is wider than a hundred columns, and no title brings control characters to a terminal', () => {
    const text = render(
      hostile(`\u001b[2J\u202e\u061c\u2028\u2029evil ${'x'.repeat(500)}\r\nForged: line`),
      'text',
    ).body;
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u061c\u2028\u2029\u202e]/);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(text.split('\n')).not.toContain('Forged: line');
  });

  test('a plan for another day says so', () => {
    expect(render({ ...BRIEFING, plannedDay: '2026-11-26' }, 'text').body).toMatch(
      /^Plan for Thursday, 26 November 2026/,
    );
  });
});

describe('as Markdown', () => {
  test('what others wrote is text and no markup', () => {
    const { body } = render(hostile('[click](javascript:alert(1)) <img src=x> **now**'), 'md');
    expect(body).toContain('\\[click\\]\\(javascript:alert\\(1\\)\\) \\<img src=x\\> \\*\\*now\\*\\*');
  });

  test('no title brings a second line or turns the reading direction', () => {
    const { body } = render(hostile('one\u2028two\u2029three\u061cfour'), 'md');
    expect(body).toContain('one two three four');
  });

  test('only web addresses become links', () => {
    const source = { system: 'github', id: 'x', url: 'javascript:alert(1)' } as const;
    const { body } = render({ ...BRIEFING, tasks: [{ ...BRIEFING.tasks[0]!, sources: [source] }] }, 'md');
    expect(body).not.toContain('](javascript');
  });
});

test.each(['text', 'md'] as const)(
  'as %s it says how many approvals wait and how to see them, where any do',
  (format) => {
    const of = (pending: number) => render({ ...BRIEFING, approvals: { pending } }, format).body;
    expect(of(0)).not.toContain('approval');
    expect(of(1)).toContain('1 approval waits for you. See what with: oce approvals');
    expect(of(2)).toContain('2 approvals wait for you.');
  },
);

test('an Accept header chooses the format', () => {
  expect(acceptedFormat('text/plain')).toBe('text');
  expect(acceptedFormat('text/markdown; charset=utf-8, */*')).toBe('md');
  expect(acceptedFormat('*/*')).toBe('json');
  expect(acceptedFormat(undefined)).toBe('json');
});
