/** Letters that look like Latin ones, by the letter that a reader sees. Compatibility forms are undone by Unicode itself. */
const LOOKALIKES: Readonly<Record<string, string>> = {
  a: 'аαɑᴀ@4ꭺ',
  b: 'ЬвβʙƄᏏ',
  c: 'сϲᴄ¢',
  d: 'ԁᴅɗ',
  e: 'еєεᴇ3€ҽ',
  f: 'ғꜰƒ',
  g: 'ɡɢցǥ',
  h: 'һнʜհ',
  i: 'іιıɪ1!|ӏɩ',
  j: 'јʝᴊ',
  k: 'кκᴋ',
  l: 'ʟⅼł',
  m: 'мᴍ',
  n: 'ոηпɴո',
  o: 'оοσᴏ0օø',
  p: 'рρᴘ',
  q: 'ԛգ',
  r: 'гʀᴦɾ',
  s: 'ѕꜱ$5ʂ',
  t: 'тτᴛ7ŧ',
  u: 'υսᴜμцʋ',
  v: 'ѵνᴠ',
  w: 'ѡωᴡшա',
  x: 'хχ×',
  y: 'уγʏү',
  z: 'ᴢʐ2',
};
const LETTER_OF = new Map(
  Object.entries(LOOKALIKES).flatMap(([letter, alike]) =>
    [...alike].map((one) => [one.toLowerCase(), letter] as const),
  ),
);
/** Blocks of ornamental A to Z without a compatibility form. */
const ORNAMENTAL = [0x1f150, 0x1f170, 0x1f1e6];
const ORNAMENT = /[\u{1F150}-\u{1F169}\u{1F170}-\u{1F189}\u{1F1E6}-\u{1F1FF}]/gu;
/** Signs and digits stand for letters only inside of words: `c0mmit`, not `10 items!`. */
const SIGNS = /[\d@$!|¢€×]/u;

/**
 * A text as its letters read: lower case, Latin letters for those that look like them, nothing invisible and no accents.
 * `mixed` where a word has Latin letters beside foreign ones that look like none: nobody writes so by chance.
 */
export function plainLetters(text: string): { readonly text: string; readonly mixed: boolean } {
  const bare = text
    .replace(ORNAMENT, (sign) => {
      const code = sign.codePointAt(0)!;
      const start = ORNAMENTAL.findLast((first) => first <= code)!;
      return String.fromCharCode(97 + code - start);
    })
    .normalize('NFKD')
    .replace(/[\p{Cf}\p{M}\p{Cc}\u115f\u1160\u3164\uffa0]/gu, (sign) => (/[\t\n\r]/.test(sign) ? sign : ''))
    .toLowerCase();
  const words = bare.replace(/\S+/gu, (word) => {
    const letters = /\p{L}/u.test(word);
    return [...word]
      .map((sign, i, all) => {
        const letter = LETTER_OF.get(sign);
        if (letter === undefined) return sign;
        if (!SIGNS.test(sign)) return letter;
        // At the end of a word a sign is a sign: "done!", "version2".
        return letters && all.slice(i + 1).some((later) => /\p{L}/u.test(later) || LETTER_OF.has(later))
          ? letter
          : sign;
      })
      .join('');
  });
  const mixed = (words.match(/\p{L}{4,}/gu) ?? []).some(
    (word) => /[a-z]/.test(word) && /[^\p{Script=Latin}]/u.test(word),
  );
  return { text: words, mixed };
}
