import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CLASSIFICATIONS, isAbove } from '#libs/classification';
import { shareUnder } from './sharing.ts';

const said = (text: string, ...parts: [text: string, classification: (typeof CLASSIFICATIONS)[number]][]) => ({
  text,
  parts: parts.map(([part, classification]) => ({ text: part, classification })),
});

test('a part above the limit stays back alone, and says why', () => {
  const sharing = shareUnder('internal', 'internal', said('Here', ['plain', 'public'], ['numbers', 'confidential']));
  expect(sharing).toMatchObject({
    refused: false,
    label: 'internal',
    highest: 'internal',
    message: { text: 'Here', parts: [{ text: 'plain', classification: 'public' }] },
    shared: [
      { part: 'message', classification: 'internal' },
      { part: 'part 1', classification: 'public' },
    ],
    withheld: [
      {
        part: 'part 2',
        classification: 'confidential',
        why: 'confidential is above internal, the most that the sender may share',
      },
    ],
  });
});

test('a text above the limit keeps everything back', () => {
  const sharing = shareUnder('public', 'internal', said('Here', ['plain', 'public']));
  expect(sharing.refused).toBe(true);
  expect(sharing.shared).toEqual([]);
  expect(sharing.withheld.map(({ part }) => part)).toEqual(['message', 'part 1']);
});

test('content raises what the sender calls it, in the text and in each part', () => {
  expect(shareUnder('internal', 'public', said('Her salary is 5')).refused).toBe(true);
  expect(shareUnder('internal', 'public', said('Here', ['Her salary is 5', 'public'])).withheld).toMatchObject([
    { part: 'part 1', classification: 'confidential' },
  ]);
});

test('what is cut over several pieces is looked at whole', () => {
  expect(shareUnder('internal', 'public', said('The card is 4111 1111', ['1111 1111', 'public'])).refused).toBe(true);
  expect(shareUnder('internal', 'public', said('Her sal', ['ary', 'public'])).refused).toBe(true);
});

test('without a limit everything goes over', () => {
  const sharing = shareUnder(undefined, 'restricted', said('Here', ['x', 'restricted']));
  expect([sharing.refused, sharing.withheld, sharing.highest]).toEqual([false, [], 'restricted']);
});

test('nothing above the limit ever goes over, and every piece is accounted for once', () => {
  const label = fc.constantFrom(...CLASSIFICATIONS);
  const text = fc.constantFrom('plain', 'salary', 'password: hunter22', 'diagnosis');
  fc.assert(
    fc.property(
      label,
      label,
      text,
      fc.array(fc.record({ text, classification: label }), { maxLength: 4 }),
      (limit, own, main, parts) => {
        const sharing = shareUnder(limit, own, { text: main, parts });
        const all = [...sharing.shared, ...sharing.withheld].map(({ part }) => part).sort();
        expect(all).toEqual(['message', ...parts.map((_, i) => `part ${i + 1}`)].sort());
        expect(sharing.shared.some(({ classification }) => isAbove(classification, limit))).toBe(false);
        if (!sharing.refused) expect(isAbove(sharing.highest, limit)).toBe(false);
      },
    ),
  );
});
