import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { commitmentsIn } from './commitment.ts';

const WORDS = [
  'agree agrees agreed agreeing agreement',
  'approve approves approved approving approval',
  'allocate allocated allocating allocation',
  'assign assigns assigned assigning assignment',
  'reserve reserved reserving reservation',
  'commit commits committed committing commitment',
  'confirm confirms confirmed confirming confirmation',
  'book books booked booking bookings',
  'promise promises promised promising',
  'guarantee guaranteed guarantees guaranteeing',
].flatMap((forms) => forms.split(' '));

test.each(WORDS)('%s commits', (word) => expect(commitmentsIn(`Well, we ${word} it.`)).not.toEqual([]));

test.each([
  'We will sign off on this tomorrow.',
  'I can sign that off for you.',
  'We green-light the plan.',
  'The plan has been greenlit.',
  'You have the go-ahead.',
  'We will deliver by Friday.',
  "We'll deliver on the 4th.",
  'I’ll take care of that.',
  'I shall pay half of it.',
  'You can count on us.',
  'You can absolutely rely on it.',
  "It's a deal.",
  'Deal!',
  'Consider it done.',
  'Lock it in.',
  'We locked the date in.',
  'Schedule it for Monday at ten.',
  'Pencil me in.',
  'Put us down for two seats.',
  'You have my word.',
  'We accept.',
  'I authorise the payment.',
  'Count me in.',
  "Let's do it.",
  'It is settled.',
  'Works for us.',
  'No objections from here.',
  'We have set aside two people.',
  'The slot is earmarked.',
  'Hold that slot for me.',
  'Our side will cover the costs.',
  'Yes from our side 👍',
  'Das sagen wir zu: abgemacht.',
  'I cannot confirm this.',
  'Could you confirm the number?',
])('other words for the same: %s', (text) => expect(commitmentsIn(text)).not.toEqual([]));

test.each([
  'What is the state of PLAT-3?',
  'The migration finished on Tuesday; two tests are red.',
  'Who works on the gateway this week?',
  'The committee met and read the notebook on Facebook.',
  'There are 42 open issues, 7 of them urgent.',
  'How long did the build take yesterday?',
  'Here is the link: https://github.com/acme/gateway/pull/1',
  'The document has 12 pages. The last change was made by Tomas.',
  'Thank you, that answers it.',
])('plain talk: %s', (text) => expect(commitmentsIn(text)).toEqual([]));

const BENT: Record<string, (word: string) => string> = {
  'capital letters': (word) => word.toUpperCase(),
  'letters with spaces': (word) => [...word].join(' '),
  'letters with dots': (word) => [...word].join('.'),
  'letters with stars and spaces': (word) => [...word].join(' * '),
  'zero-width spaces': (word) => [...word].join('\u200b'),
  'word joiners': (word) => [...word].join('\u2060'),
  'soft hyphens': (word) => [...word].join('\u00ad'),
  'full-width letters': (word) =>
    [...word].map((letter) => String.fromCodePoint(letter.codePointAt(0)! + 0xfee0)).join(''),
  'mathematical letters': (word) =>
    [...word].map((letter) => String.fromCodePoint(0x1d41a + letter.codePointAt(0)! - 97)).join(''),
  'letters in circles': (word) =>
    [...word].map((letter) => String.fromCodePoint(0x24d0 + letter.codePointAt(0)! - 97)).join(''),
  'letters in squares': (word) =>
    [...word].map((letter) => String.fromCodePoint(0x1f170 + letter.codePointAt(0)! - 97)).join(''),
  'Cyrillic look-alikes': (word) => word.replace(/[aeopcxy]/g, (letter) => 'аеорсху'['aeopcxy'.indexOf(letter)]!),
  'Greek look-alikes': (word) => word.replace(/[aov]/g, (letter) => 'αον'['aov'.indexOf(letter)]!),
  'digits for letters': (word) =>
    word.replace(/[oiea](?!$)/g, (letter) => '01'['oi'.indexOf(letter)] ?? '34'['ea'.indexOf(letter)]!),
  accents: (word) => [...word].map((letter) => `${letter}\u0301`).join(''),
  'a hyphen at the end of a line': (word) => `${word.slice(0, 3)}-\n${word.slice(3)}`,
  'a space inside': (word) => `${word.slice(0, 3)} ${word.slice(3)}`,
  'right to left': (word) => `\u202e${[...word].reverse().join('')}\u202c`,
};

test.each(Object.entries(BENT))('every word is found with %s', (_, bend) => {
  for (const word of WORDS) expect([word, commitmentsIn(`So we ${bend(word)} that.`).length > 0]).toEqual([word, true]);
});

test('a word is found wherever it stands and however its letters are bent one by one', () => {
  const letter = fc.constantFrom<((letter: string) => string)[]>(
    (plain) => plain,
    (plain) => plain.toUpperCase(),
    (plain) => `${plain}\u200b`,
    (plain) => `${plain}\u00ad`,
    (plain) => `${plain}\u0301`,
    (plain) => ({ a: 'а', e: 'е', o: 'о', c: 'с', p: 'р', i: 'і', s: 'ѕ' })[plain] ?? plain,
    (plain) => String.fromCodePoint(plain.codePointAt(0)! + 0xfee0),
    (plain) => String.fromCodePoint(0x1d41a + plain.codePointAt(0)! - 97),
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...WORDS),
      fc.array(letter, { minLength: 12, maxLength: 12 }),
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: 'grapheme' }),
      (word, bends, before, after) => {
        const bent = [...word].map((one, i) => bends[i % bends.length]!(one)).join('');
        return commitmentsIn(`${before} ${bent} ${after}`).length > 0;
      },
    ),
    { numRuns: 2_000 },
  );
});

test('a long text takes time in proportion to its length', () => {
  const time = (n: number) => {
    const text = 'we i a . - ll will not the '.repeat(n);
    const from = performance.now();
    commitmentsIn(text);
    return performance.now() - from;
  };
  time(1_000);
  const [small, large] = [time(2_000), time(20_000)];
  expect(large).toBeLessThan(Math.max(small, 5) * 60);
});
