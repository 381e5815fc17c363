import type { Reference } from '../work-item.ts';
import { keyName, mailName, repoName, urlName } from './names.ts';

const LONGEST_TEXT = 65_536;
const LONGEST_TOKEN = 2_000;
const MOST_REFERENCES = 100;
const MOST_PEOPLE = 20;

const SEPARATORS = /[\s<>"'`()[\]{}|,;“”„‚‘’«»]+/u;
const KEY = /(?<![A-Za-z0-9-])[A-Z][A-Z0-9]{1,19}-\d{1,9}(?![A-Za-z0-9]|-\d)/g;
const KEY_IN_ANY_CASE = new RegExp(KEY.source, 'gi');
const REPO_NUMBER = /^([a-z\d][\w-]{0,38}\/[\w.-]{1,100})#(\d{1,9})$/i;
const PATH = /^(?:\.{0,2}\/)?((?:[\w.@-]+\/)+[\w.-]*[\w-]\.[a-z]\w{0,5})(?::\d+)?$/i;
const FILE_NAME =
  /^[\p{L}\p{N}_][\p{L}\p{N}_.-]*\.(?:pdf|docx?|xlsx?|pptx?|odt|ods|odp|csv|tsv|json|ya?ml|md|txt|zip|png|jpe?g|svg|fig|sql|tsx?|m?jsx?|py|go|rs|java|kt|rb|sh|tf|rego|proto)$/iu;
const CANONICAL = /^(?:url|key|repo|path|name|mail|event):\S/;

/** Places that many unrelated things share: where to meet, not what about. */
const PLACES =
  /^url:https:\/\/(?:meet\.google\.com|[\w.-]*zoom\.us|teams\.(?:microsoft|live)\.com|[\w.-]*webex\.com|whereby\.com|maps\.google\.com|tel\.meet|calendly\.com|aka\.ms|support\.google\.com)(?:\/|$)|unsubscribe|^url:https:\/\/[^/?]+$/i;

/** Before a reference: this item finishes that one. */
const FINISHING =
  /^(?:fix|fixes|fixed|close|closes|closed|resolve|resolves|resolved|implements|behebt|schließt|löst|erledigt)$/;
/** Before a reference: that one is something else. */
const RELATING =
  /^(?:see|siehe|cf|vgl|depends|blocked|blocks|similar|unlike|like|related|relates|follow-up|followup|supersedes|superseded|replaces|reverts?|abhängig|blockiert|ähnlich|wie|nach|after|before|instead|statt|parent|part|teil|also|auch)[.:]?$/;

/** What a text is taken to mean by naming something. */
export interface ReferenceSources {
  /** Where a key or number points at that very thing: title, branch name. Keys count in any case. */
  readonly explicit: readonly string[];
  /** Where only a link, or a finishing word before a key ("Fixes PLAT-12"), points at that very thing. */
  readonly text: string;
  /** Addresses, or names that are canonical already. */
  readonly links: readonly string[];
  /** E-mail addresses, or names, of people. */
  readonly people: readonly string[];
}

/** What some texts name: explicit references first, then in order of appearance; at most 100. Linear in their length. */
export function referencesOf({ explicit, text, links, people }: ReferenceSources): Reference[] {
  const found = new Map<string, boolean>();
  const add = (to: string, isExplicit: boolean) => {
    if (!found.has(to) || isExplicit) found.set(to, isExplicit);
  };
  for (const source of explicit) readText(source, true, add);
  for (const link of links) {
    const name = CANONICAL.test(link) ? link.slice(0, LONGEST_TOKEN) : linkName(link);
    if (name !== null && !PLACES.test(name)) add(name, true);
  }
  readText(text, false, add);
  for (const person of people.slice(0, MOST_PEOPLE)) {
    const folded = person.normalize('NFKC').trim().toLowerCase().slice(0, 200);
    if (folded !== '') add(`name:${folded}`, false);
  }
  const all = [...found].map(([to, isExplicit]) => ({ to, explicit: isExplicit }));
  return [...all.filter((one) => one.explicit), ...all.filter((one) => !one.explicit)].slice(0, MOST_REFERENCES);
}

function linkName(link: string): string | null {
  return /^mid:/i.test(link) ? mailName(link.slice(4)) : urlName(link);
}

function readText(text: string, decisive: boolean, add: (to: string, explicit: boolean) => void): void {
  let before: readonly string[] = [];
  for (const raw of text.slice(0, LONGEST_TEXT).normalize('NFKC').split(SEPARATORS)) {
    const token = raw.replace(/[.,:!?]+$/, '');
    if (token === '' || token.length > LONGEST_TOKEN) continue;
    const other = before.some((word) => RELATING.test(word));
    const finishes = before.some((word) => FINISHING.test(word));
    readToken(token, !other && (decisive || finishes), !other, decisive, add);
    const word = raw.toLowerCase();
    before = /[.!?]$/.test(raw) && !RELATING.test(word) ? [] : [...before.slice(-2), word];
  }
}

function readToken(
  token: string,
  keyIsExplicit: boolean,
  linkIsExplicit: boolean,
  anyCase: boolean,
  add: (to: string, explicit: boolean) => void,
): void {
  const name = urlName(token);
  if (name !== null) {
    if (!PLACES.test(name)) add(name, linkIsExplicit);
    return;
  }
  const repo = REPO_NUMBER.exec(token);
  if (repo !== null) {
    add(repoName(repo[1]!, repo[2]!), keyIsExplicit);
    return;
  }
  const path = token.length <= 300 ? PATH.exec(token) : null;
  if (path !== null) add(`path:${path[1]}`, false);
  else if (token.length <= 200 && FILE_NAME.test(token)) add(`name:${token.toLowerCase()}`, false);
  for (const [key] of token.matchAll(anyCase ? KEY_IN_ANY_CASE : KEY)) add(keyName(key), keyIsExplicit);
}
