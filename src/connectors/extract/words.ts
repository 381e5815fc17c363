import { STOP_WORDS } from './stop-words.ts';

/** More than this of a text says nothing more about what it is about. */
const LONGEST_TEXT = 32_768;
const LONGEST_WORD = 40;
const MOST_WORDS = 200;

/** Versions (`1.3.0`), words with their digits (`q3`, `kw12`), runs of a script that is written without spaces. */
const TOKEN =
  /(?:(?<![\p{L}\p{N}])v)?\p{N}+(?:\.\p{N}+)+|[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}ー]+|[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu;
const UNSPACED = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;
const WEB_ADDRESS = /\bhttps?:\/\/\S+/gi;
const UMLAUTS: Readonly<Record<string, string>> = { ä: 'ae', ö: 'oe', ü: 'ue', ß: 'ss' };

/**
 * The distinct normalised words of some texts, sorted, at most 200, those that come first winning: NFKC, folded case, no stop
 * words of English and German, lightly stemmed; scripts without spaces as pairs of characters. Linear in the length of the
 * texts, of which the first 32 Ki characters each count.
 */
export function wordsOf(...texts: readonly string[]): string[] {
  const words = new Set<string>();
  for (const text of texts) {
    const folded = text.slice(0, LONGEST_TEXT).replace(WEB_ADDRESS, ' ').normalize('NFKC').toLowerCase();
    for (const [token] of folded.matchAll(TOKEN)) {
      if (words.size >= MOST_WORDS) break;
      if (UNSPACED.test(token)) addPairs(words, token);
      else addWord(words, token);
    }
  }
  return [...words].sort();
}

function addWord(words: Set<string>, token: string): void {
  const spelled = token.replace(/[äöüß]/g, (letter) => UMLAUTS[letter] ?? letter).slice(0, LONGEST_WORD);
  if (STOP_WORDS.has(spelled)) return;
  if (/^\p{N}/u.test(spelled)) words.add(spelled);
  else if (/^v\p{N}+\./u.test(spelled)) words.add(spelled.slice(1));
  else if (spelled.length > 1) words.add(stem(spelled));
}

function addPairs(words: Set<string>, token: string): void {
  const characters = [...token];
  if (characters.length === 1) words.add(token);
  for (let i = 0; i + 1 < characters.length && words.size < MOST_WORDS; i += 1)
    words.add(`${characters[i]}${characters[i + 1]}`);
}

/** Takes the commonest endings of English and German off; crude, but the same for every item. */
function stem(word: string): string {
  if (word.length < 5 || /\p{N}/u.test(word)) return word;
  if (word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  const stemmed = word.replace(/(?:ungen|ings|ing|ung|ed|es|en|ern|er|em|e|s|n)$/, '');
  return stemmed.length >= 4 ? stemmed : word.replace(/(?<!s)s$/, '');
}
