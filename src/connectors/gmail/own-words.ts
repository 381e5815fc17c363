const LONGEST_LINE = 1_000;
const SIGNATURE = /^-- ?$/;
const ATTRIBUTION =
  /^(?:on\s.{4,300}\swrote|am\s.{4,300}\sschrieb(?:\s.{1,300})?|-{2,}\s?(?:original message|ursprüngliche nachricht)\s?-{2,}.*)\s*:?$/iu;

/** What the writer of a mail wrote, without what they quote and their signature. */
export function ownWords(text: string): string {
  const own: string[] = [];
  const lines = text.split(/\r?\n/);
  for (const [index, whole] of lines.entries()) {
    const line = whole.slice(0, LONGEST_LINE).trim();
    if (SIGNATURE.test(whole) || isAttribution(line, lines[index + 1])) break;
    if (!line.startsWith('>')) own.push(whole);
  }
  return own.join('\n').trim();
}

/** Mail programs break the line before the quote where it gets long. */
function isAttribution(line: string, next = ''): boolean {
  if (ATTRIBUTION.test(line)) return true;
  return (
    /^(?:on|am)\s/i.test(line) &&
    /[:]\s*$/.test(next.slice(0, LONGEST_LINE)) &&
    ATTRIBUTION.test(`${line} ${next.slice(0, LONGEST_LINE).trim()}`)
  );
}

/** Whether a text asks its reader for something. */
export function asks(text: string): boolean {
  return hasQuestion(text) || REQUEST.test(text);
}

/** A question mark that ends words, not one inside an address. */
export function hasQuestion(text: string): boolean {
  return /\?/.test(text.replace(/\bhttps?:\/\/\S+/gi, ' '));
}

const REQUEST =
  /\b(?:could you|can you|would you|will you|please(?! (?:find|see|note|be advised|do not reply|ignore))|kindly|let me know|waiting for your|need your|kannst du|könntest du|können sie|könnten sie|gib(?:st du)? (?:mir |uns )?bescheid|bitte(?! (?:beachte|nicht auf diese)))(?![\p{L}])/iu;
