import { describe, expect, test } from '@jest/globals';
import {
  classify,
  contactOf,
  featuresOf,
  learnedFrom,
  neverAnswered,
  ruledAutonomy,
} from '../../src/auto-response/rules/index.ts';
import { Arrivals } from './generator/arrivals.ts';
import { outcomesOf, type Reply, type StoredMessage } from './outcomes.ts';
import { scenarios } from './scenarios.ts';
import { bodyOf, FEWEST_PEOPLE, planMessages, rulesOf } from './seed/messages.ts';
import { loadPeople, workerOf } from './seed/people.ts';

const { mix } = scenarios.messages;
const PEOPLE = loadPeople(20).map((person) => ({ id: person.id, ...workerOf(person) }));
const plan = (more = {}) =>
  planMessages({ rate: 25, durationMs: 60_000, seed: 1, people: PEOPLE.length, run: 'r1', ...more });

describe('the messages that are sent', () => {
  test('come when the generator makes them, each for itself, in the shares of the mix', () => {
    const planned = plan();
    const arrivals = new Arrivals(25, 1);
    expect(planned.map(({ due }) => due)).toEqual(planned.map(() => arrivals.take(60_000)));
    expect(arrivals.take(60_000)).toBeUndefined();
    expect(new Set(planned.map(({ mark }) => mark)).size).toBe(planned.length);
    const share = (wanted: string) =>
      planned.filter(({ kind }) => mix.find((one) => one.kind === kind)!.expect === wanted).length / planned.length;
    expect(share('sent')).toBeCloseTo(0.6, 1);
    expect(share('drafted')).toBeCloseTo(0.2, 1);
    expect(share('surfaced')).toBeCloseTo(0.1, 1);
    expect(share('ignored')).toBeCloseTo(0.1, 1);
  });

  test('bring everybody messages of every kind in time', () => {
    const kinds = plan({ durationMs: 600_000 })
      .filter(({ user }) => user === 3)
      .map(({ kind }) => kind);
    expect(new Set(kinds)).toEqual(new Set(mix.map(({ kind }) => kind)));
  });

  test.each([FEWEST_PEOPLE, PEOPLE.length])(
    'come to what the product’s own rules make of them, among %i people',
    (n) => {
      const people = PEOPLE.slice(0, n);
      for (const message of plan({ people: n })) {
        const body = bodyOf(message, people);
        const headers = Object.entries('headers' in body ? body.headers : {}).map(([name, text]) => [
          name.toLowerCase(),
          text,
        ]);
        const own = people[message.user]!;
        const read = {
          ...{ channel: 'gmail', from: contactOf(body.from), to: [body.to], subject: body.subject, text: body.text },
          ...{ headers: Object.fromEntries(headers), messageId: body.messageId, threadId: null },
        };
        const ruling = classify(read, own, learnedFrom([]), featuresOf(read));
        if (message.kind === 'ignored') {
          expect(ruling.class).toBe('noise');
          continue;
        }
        expect(ruling.class).toBe('needs-response');
        expect(neverAnswered(read, own)).toBeNull();
        const rules = { ...rulesOf(people, message.user), channels: {}, classes: {} };
        const asked = { channel: 'gmail', from: body.from, class: ruling.class, isKnown: true };
        const wanted = { approval: 'approve', surfaced: 'block' } as Record<string, string>;
        expect(ruledAutonomy(rules, asked).autonomy).toBe(wanted[message.kind] ?? message.kind);
      }
    },
  );
});

describe('what became of the messages', () => {
  const startedAt = 1_000_000;
  const expected = Object.fromEntries(mix.map(({ kind, expect: state }) => [kind, state]));
  const sent = (['autonomous', 'approval', 'surfaced', 'autonomous'] as const).map((kind, n) => ({
    ...{ mark: `m${n}`, due: n * 1_000, user: n, kind },
  }));
  const row = (n: number, state: string, more: Partial<StoredMessage> = {}): StoredMessage => ({
    ...{ mark: `m${n}`, state, waits: state === 'drafted', acceptedAt: startedAt + n * 1_000 + 5 },
    ...{ decidedAt: startedAt + n * 1_000 + 50, sentAt: state === 'sent' ? startedAt + n * 1_000 + 105 : null },
    ...more,
  });
  const reply = (n: number): Reply => ({ mark: `m${n}`, at: startedAt + n * 1_000 + 100 });
  const all = [row(0, 'sent'), row(1, 'drafted'), row(2, 'surfaced'), row(3, 'sent')];
  const judge = (stored: StoredMessage[], replies: Reply[], warmUpMs = 0) =>
    outcomesOf({ sent, stored, replies, startedAt, warmUpMs, expected });

  test('is well where each is at its end or waits, and each that wants a reply has one', () => {
    const outcomes = judge(all, [reply(0), reply(3)]);
    expect(outcomes).toMatchObject({ stored: 4, missing: 0, unfinished: 0, unexpected: {} });
    expect(outcomes.replies).toEqual({ wanted: 2, received: 2, lost: 0, doubled: 0, unasked: 0 });
    expect(outcomes.dispatch.count).toBe(2);
    expect(outcomes.dispatch.percentile(95)).toBeCloseTo(100, 0);
    expect(outcomes.own.percentile(95)).toBeCloseTo(100, 0);
    expect(outcomes.latencies.get('approval')!.percentile(50)).toBeCloseTo(50, 0);
  });

  test('counts a reply that is lost, doubled or unasked, and a message that is missing', () => {
    expect(judge(all, [reply(0)]).replies).toMatchObject({ lost: 1, doubled: 0 });
    expect(judge(all, [reply(0), reply(0), reply(3)]).replies).toMatchObject({ lost: 0, doubled: 1 });
    expect(judge(all, [reply(0), reply(1), reply(3)]).replies).toMatchObject({ unasked: 1 });
    expect(judge(all.slice(1), [reply(3)])).toMatchObject({ missing: 1, replies: { wanted: 1, lost: 0 } });
  });

  test('counts what is still under way, and a draft that waits for nobody', () => {
    const stored = [row(0, 'queued'), row(1, 'drafted', { waits: false }), row(2, 'surfaced'), row(3, 'failed')];
    const outcomes = judge(stored, []);
    expect(outcomes.unfinished).toBe(2);
    expect(outcomes.unexpected).toEqual({ 'autonomous: queued': 1, 'autonomous: failed': 1 });
  });

  test('leaves the warm-up out of the latencies, not of the counts', () => {
    const outcomes = judge(all, [reply(0), reply(3)], 2_000);
    expect(outcomes.dispatch.count).toBe(1);
    expect(outcomes.replies.wanted).toBe(2);
  });
});
