/** Every reply ends with who wrote it. Source: DOMAIN rules, section 5. No setting and no edit takes it off. */

const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const ANY = /^\s*sent by .{1,220}['’]s openclaw assistant\s*\.?\s*$/iu;

/** The last line of a reply. */
export function disclosureOf(name: string): string {
  const clean = name.replace(UNSEEN, ' ').replace(/\s+/g, ' ').trim().slice(0, 200).trim();
  return `Sent by ${clean || 'somebody'}'s OpenClaw assistant`;
}

/** True for a line that discloses an assistant, whoever's. */
export function isDisclosure(line: string): boolean {
  return ANY.test(line.normalize('NFKC').replace(UNSEEN, ''));
}

/**
 * The text with the disclosure as its last line, once, and near enough to what stands above it to be seen. Lines that
 * look like one are taken out first, so that an edit cannot put another name in its place.
 */
export function disclosed(text: string, name: string): string {
  const lines = text.replace(/\r\n?|[\u2028\u2029\v\f\x85]/g, '\n').split('\n');
  const kept = lines.filter((line) => !isDisclosure(line)).map((line) => line.trimEnd());
  const body: string[] = [];
  for (const line of kept) {
    const isEmpty = line.replace(UNSEEN, '').trim() === '';
    if (!isEmpty) body.push(line);
    else if (body.length > 0 && body.at(-1) !== '') body.push('');
  }
  if (body.at(-1) === '') body.pop();
  return [...body, ...(body.length > 0 ? [''] : []), disclosureOf(name)].join('\n');
}
