import { isNobody } from './loops.ts';
import { bareSubject, domainOf, type IncomingMessage, type MessageClass, ownWords } from './message.ts';

/** By what a message resembles others. Kept after its text is gone, so that a later correction teaches something. */
export interface MessageFeatures {
  readonly sender: string;
  readonly domain: string | null;
  readonly list: string | null;
  /** How it was sent: `automatic`, `in bulk`, `to many`. */
  readonly manner: readonly string[];
  /** Different ones, in lower case. */
  readonly words: readonly string[];
}

export interface Correction {
  readonly features: MessageFeatures;
  readonly wanted: MessageClass;
}

/** What corrections of messages that this one resembles speak for. */
export interface LearnedVoice {
  readonly says: string;
  readonly weights: Readonly<Partial<Record<MessageClass, number>>>;
}

export interface Learned {
  voicesFor(features: MessageFeatures): LearnedVoice[];
}

/** How much a correction of the very same message adds to the class that was wanted. */
const STRENGTH = 8;
/** How alike messages are, 0–1, that have this in common. A machine writes the same again, a person does not. */
const SAME = { list: 0.6, machine: 0.6, sender: 0.3, domain: 0.2, manner: 0.3, words: 1.2 } as const;
/** Below this they have nothing in common that says anything. */
const LEAST = 0.2;
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
  const { from, headers, to } = message;
  const domain = from.address.includes('@') ? domainOf(from.address) : null;
  const text = `${bareSubject(message.subject)}\n${ownWords(message.text).slice(0, 4_000)}`;
  const found =
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/\p{L}{4,24}/gu) ?? [];
  const list = /<([^<>\s]{1,200})>/.exec(headers['list-id'] ?? '')?.[1]?.toLowerCase();
  const automatic = isNobody(from.address) || (headers['auto-submitted'] ?? 'no').trim().toLowerCase() !== 'no';
  const bulk = (headers['list-unsubscribe'] ?? '') !== '' || /^(bulk|list|junk)/i.test(headers.precedence ?? '');
  return {
    sender: from.address.slice(0, 320),
    domain: domain === null || FREE_MAIL.test(domain) ? null : domain.slice(0, 255),
    list: list ?? null,
    manner: [...(automatic ? ['automatic'] : []), ...(bulk ? ['in bulk'] : []), ...(to.length > 8 ? ['to many'] : [])],
    words: [...new Set(found.filter((word) => !STOP.has(word)))].slice(0, MOST_WORDS),
  };
}

/**
 * What corrections teach: each speaks for the class that was wanted, the louder the more alike the two messages are; together
 * they are as sure as that not all of them are mistaken. Worked out of the corrections that stand, in whichever order: one that
 * is taken back has never been.
 */
export function learnedFrom(corrections: readonly Correction[]): Learned {
  return {
    voicesFor: (features) => {
      const doubts = new Map<MessageClass, { doubt: number; count: number; nearest: number; says: string }>();
      for (const { features: other, wanted } of corrections) {
        const { likeness, says } = compare(features, other);
        if (likeness < LEAST) continue;
        const known = doubts.get(wanted) ?? { doubt: 1, count: 0, nearest: 0, says: '' };
        const isNearer = likeness > known.nearest || (likeness === known.nearest && says < known.says);
        doubts.set(wanted, {
          doubt: known.doubt * (1 - likeness ** 2),
          count: known.count + 1,
          nearest: Math.max(known.nearest, likeness),
          says: isNearer ? says : known.says,
        });
      }
      return [...doubts]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([wanted, { doubt, count, says }]) => ({
          says: `you have corrected ${count === 1 ? 'a message' : `${count} messages`} like it to ${wanted} (${says})`,
          weights: { [wanted]: Math.round(STRENGTH * (1 - doubt) * 1e6) / 1e6 },
        }));
    },
  };
}

/** @returns how alike two messages are, 0–1, and in what */
function compare(a: MessageFeatures, b: MessageFeatures): { likeness: number; says: string } {
  const parts: [number, string][] = [];
  const manner = a.manner.filter((one) => b.manner.includes(one));
  if (a.list !== null && a.list === b.list) parts.push([SAME.list, `the list ${a.list}`]);
  if (a.sender === b.sender)
    parts.push([a.manner.includes('automatic') ? SAME.machine : SAME.sender, `from ${a.sender}`]);
  else if (a.domain !== null && a.domain === b.domain) parts.push([SAME.domain, `from ${a.domain}`]);
  if (manner.length > 0 && a.domain !== null && a.domain === b.domain)
    parts.push([SAME.manner, `sent ${manner.join(' and ')}`]);
  const words = overlap(a.words, b.words);
  const shared = a.words.filter((word) => b.words.includes(word)).slice(0, 3);
  if (shared.length > 0) parts.push([SAME.words * words, `the words ${shared.join(', ')}`]);
  const likeness = Math.min(
    1,
    parts.reduce((sum, [much]) => sum + much, 0),
  );
  return { likeness, says: parts.map(([, what]) => what).join('; ') };
}

/** Jaccard. */
function overlap(a: readonly string[], b: readonly string[]): number {
  const others = new Set(b);
  const common = a.filter((word) => others.has(word)).length;
  return common === 0 ? 0 : common / (a.length + b.length - common);
}
