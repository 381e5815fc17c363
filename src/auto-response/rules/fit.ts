import { bareSubject, type IncomingMessage } from './message.ts';

/** What a drafted text may not be: a model has written it, and has read what a stranger wrote. */

const MOST_CHARACTERS = 1_500;
/** Words that commit somebody, and their forms. Source: DOMAIN rules, section 6; the same in German and French. */
const COMMITS =
  /(?<!\p{L})(agree\w*|approv\w*|allocat\w*|assign\w*|reserv\w*|commit\w*|confirm\w*|book(s|ed|ing|ings)?|promis\w*|guarant\w*|accept\w*|zusag\w*|zugesagt|bestätig\w*|versprech\w*|versprich\w*|garantier\w*|genehmig\w*|reservier\w*|buche\w*|gebucht|vereinbar\w*|accord\w*|approuv\w*|réserv\w*|garanti\w*|promet\w*|promis|engage\w*|valid\w*)/iu;
const PLACES =
  /(?:[a-z][a-z0-9+.-]{1,20}:\/\/\S+|www\.\S+|mailto:\S+|[\p{L}\p{N}._%+-]+@[\p{L}\p{N}.-]+\.\p{L}{2,}|(?<![\p{L}\p{N}.@-])(?:[\p{L}\p{N}-]+\.)+\p{L}{2,24}(?:\/\S*)?|\+?\d[\d ()/-]{6,}\d)/giu;

/** @returns why a drafted text may not go out, in words; null where it may */
export function unfit(text: string, { subject, text: said }: IncomingMessage): string | null {
  const plain = text.normalize('NFKC').replace(/\p{Cf}/gu, '');
  if (plain.trim() === '') return 'it is empty';
  if (text.length > MOST_CHARACTERS) return `it is longer than ${MOST_CHARACTERS} characters`;
  const commitment = COMMITS.exec(plain)?.[0];
  if (commitment !== undefined) return `it commits to something ("${commitment.slice(0, 40)}")`;
  const known = `${bareSubject(subject)}\n${said}`.normalize('NFKC').toLowerCase();
  for (const [place] of plain.matchAll(PLACES)) {
    const bare = place.replace(/[.,;:!?)\]}'"»]+$/u, '').toLowerCase();
    if (!known.includes(bare)) return `it names an address that the message does not ("${bare.slice(0, 60)}")`;
  }
  if (/<\/?[a-z][^>]*>|\[\s*(?:your|name|insert)/i.test(plain)) return 'it has markup or blanks to fill in';
  return null;
}
