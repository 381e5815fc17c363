import {
  domainOf,
  type IncomingMessage,
  MESSAGE_CLASSES,
  type MessageClass,
  bareSubject,
  ownWords,
} from './message.ts';

/** By what a message resembles others. Kept after its text is gone, so that a later correction teaches something. */
export interface MessageFeatures {
  readonly sender: string;
  readonly domain: string | null;
  readonly list: string | null;
  /** Different ones, in lower case. */
  readonly words: readonly string[];
}

export interface Correction {
  readonly features: MessageFeatures;
  readonly wanted: MessageClass;
}

/** What one feature of a message speaks for, after corrections. */
export interface LearnedVoice {
  readonly says: string;
  readonly weights: Readonly<Record<MessageClass, number>>;
}

export interface Learned {
  voicesFor(features: MessageFeatures): LearnedVoice[];
}

type Kind = 'sender' | 'list' | 'domain' | 'word';

/** How much a kind of likeness counts. */
const STRENGTH: Readonly<Record<Kind, number>> = { sender: 4, list: 4, domain: 1.5, word: 1 };
/** Corrections that a class seems to have before the first one. */
const PRIOR = 0.4;
/** Everybody's addresses are there: they make nobody alike. */
const FREE_MAIL =
  /^(gmail|googlemail|outlook|hotmail|live|yahoo|gmx|web|icloud|proton|protonmail|aol|orange|free|laposte|t-online)\.[a-z.]{2,6}$/;
const MOST_WORDS = 40;
const STOP = new Set(
  'about after also and any are been before but can could das dem den der des die ein eine est for from has have haben here hier ist les mit more nicht not nous only our out over pour sie sind that the their them then there these they this und une very vous was were what when which will wird with would you your bitte please thanks danke merci hello hallo bonjour'.split(
    ' ',
  ),
);

export function featuresOf(message: IncomingMessage): MessageFeatures {
  const { address } = message.from;
  const domain = address.includes('@') ? domainOf(address) : null;
  const text = `${bareSubject(message.subject)}\n${ownWords(message.text).slice(0, 4_000)}`;
  const found =
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/\p{L}{4,24}/gu) ?? [];
  const list = /<([^<>\s]{1,200})>/.exec(message.headers['list-id'] ?? '')?.[1]?.toLowerCase();
  return {
    sender: address.slice(0, 320),
    domain: domain === null || FREE_MAIL.test(domain) ? null : domain.slice(0, 255),
    list: list ?? null,
    words: [...new Set(found.filter((word) => !STOP.has(word)))].slice(0, MOST_WORDS),
  };
}

/**
 * What corrections teach: for each feature, how much more often than by chance its messages were wanted in a class, as
 * log-odds that are added to the other signs. Made of the corrections that stand, in any order: one that is taken back has
 * never been.
 */
export function learnedFrom(corrections: readonly Correction[]): Learned {
  const counts = new Map<string, Record<MessageClass, number>>();
  for (const { features, wanted } of corrections) {
    for (const [kind, value] of entriesOf(features)) {
      const key = `${kind}:${value}`;
      const count = counts.get(key) ?? { critical: 0, 'needs-response': 0, informational: 0, noise: 0 };
      count[wanted]++;
      counts.set(key, count);
    }
  }
  return {
    voicesFor: (features) => {
      const voices = entriesOf(features).flatMap(([kind, value]) => {
        const count = counts.get(`${kind}:${value}`);
        return count ? [{ kind, value, count }] : [];
      });
      const words = voices.filter(({ kind }) => kind === 'word').length;
      return voices.map(({ kind, value, count }) => {
        // Many words that go together say little more than one of them.
        const strength = kind === 'word' ? STRENGTH.word / Math.sqrt(words) : STRENGTH[kind];
        return { says: inWords(kind, value, count), weights: logOdds(count, strength) };
      });
    },
  };
}

function logOdds(count: Readonly<Record<MessageClass, number>>, strength: number): Record<MessageClass, number> {
  const total = MESSAGE_CLASSES.reduce((sum, name) => sum + count[name], 0);
  const classes = MESSAGE_CLASSES.length;
  const weight = (name: MessageClass) =>
    strength * Math.log((classes * (count[name] + PRIOR)) / (total + PRIOR * classes));
  return Object.fromEntries(MESSAGE_CLASSES.map((name) => [name, weight(name)])) as Record<MessageClass, number>;
}

function entriesOf({ sender, domain, list, words }: MessageFeatures): [Kind, string][] {
  return [
    ['sender', sender],
    ...(domain === null ? [] : [['domain', domain] as [Kind, string]]),
    ...(list === null ? [] : [['list', list] as [Kind, string]]),
    ...words.map((word): [Kind, string] => ['word', word]),
  ];
}

const NAMED: Readonly<Record<Kind, (value: string) => string>> = {
  sender: (value) => `mail from ${value}`,
  list: (value) => `mail of the list ${value}`,
  domain: (value) => `mail from ${value}`,
  word: (value) => `mail with the word "${value}"`,
};

function inWords(kind: Kind, value: string, count: Readonly<Record<MessageClass, number>>): string {
  const wanted = MESSAGE_CLASSES.filter((name) => count[name] > 0).map((name) => `${count[name]} × ${name}`);
  return `you have corrected ${NAMED[kind](value)} (${wanted.join(', ')})`;
}
