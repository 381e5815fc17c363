import { type Learned, learnedFrom, type MessageFeatures } from './corrections.ts';
import { isNobody } from './loops.ts';
import {
  domainOf,
  type IncomingMessage,
  MESSAGE_CLASSES,
  type MessageClass,
  ownWords,
  type Recipient,
} from './message.ts';
import { GIVES_ORDERS, SIGNS } from './signs.ts';

export interface ClassRuling {
  readonly class: MessageClass;
  /** 0–1: how far ahead of the other classes. */
  readonly confidence: number;
  /** In plain words, the weightiest first. */
  readonly reasons: readonly string[];
}

type Scores = Record<MessageClass, number>;
interface Voice {
  readonly says: string;
  readonly weights: Readonly<Partial<Record<MessageClass, number>>>;
}

/** What a message is before anything in it has spoken: most mail tells something, little burns. */
const START: Readonly<Scores> = { critical: -0.8, 'needs-response': 0, informational: 0.6, noise: -0.4 };
/** A sign that stands in a text again and again says no more. */
const MOST_REASONS = 5;
const READ = 6_000;

/**
 * Classifies without network and without chance: signs in subject, text, sender and headers each add to the classes they speak
 * for, and so does what this person's corrections have taught. The text is only ever looked at, never obeyed.
 */
export function classify(
  message: IncomingMessage,
  own: Recipient,
  learned: Learned = learnedFrom([]),
  features?: MessageFeatures,
): ClassRuling {
  const voices = [...spokenSigns(message), ...circumstances(message, own)];
  if (features) voices.push(...learned.voicesFor(features));
  const scores: Scores = { ...START };
  for (const { weights } of voices) for (const name of MESSAGE_CLASSES) scores[name] += weights[name] ?? 0;
  const chosen = MESSAGE_CLASSES.reduce((best, name) => (scores[name] > scores[best] ? name : best));
  const sum = MESSAGE_CLASSES.reduce((total, name) => total + Math.exp(scores[name] - scores[chosen]), 0);
  const said = voices
    .filter(({ weights }) => (weights[chosen] ?? 0) > 0)
    .sort((a, b) => b.weights[chosen]! - a.weights[chosen]!);
  const reasons = [...new Set(said.map(({ says }) => says))].slice(0, MOST_REASONS);
  return {
    class: chosen,
    confidence: Math.round((1 / sum) * 100) / 100,
    reasons: reasons.length > 0 ? reasons : ['nothing in it asks for an answer'],
  };
}

/** True where something in the whole message, quoted parts included, tries to steer whatever reads it. */
export function isInjection({ subject, text }: IncomingMessage): boolean {
  return GIVES_ORDERS.pattern.test(plain(`${subject}\n${text.slice(0, 20_000)}`));
}

function spokenSigns(message: IncomingMessage): Voice[] {
  const subject = plain(message.subject).slice(0, 500);
  const text = plain(ownWords(message.text)).slice(0, READ);
  const at = { subject, words: `${subject}\n${text}`, sender: message.from.address.slice(0, 320) };
  return SIGNS.filter(({ where, pattern }) => pattern.test(at[where]));
}

/** Letters that only look like others, and what cannot be seen, hide no word. */
function plain(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/\p{Cf}/gu, '')
    .replace(/[’‘]/g, "'");
}

/** What is not in the words. */
function circumstances({ headers, to, from, text, subject }: IncomingMessage, own: Recipient): Voice[] {
  const voices: Voice[] = [];
  const add = (is: boolean, says: string, weights: Voice['weights']) => {
    if (is) voices.push({ says, weights });
  };
  const has = (name: string) => (headers[name] ?? '') !== '';
  add(has('list-unsubscribe'), 'it was sent to many, who can unsubscribe', {
    noise: 3.4,
    critical: -1.5,
    'needs-response': -1,
  });
  add(has('list-id'), 'it came over a list', { noise: 2, critical: -1.5, 'needs-response': -0.8 });
  add(/^(bulk|junk)/i.test(headers.precedence ?? ''), 'it was sent in bulk', { noise: 1.2 });
  const automatic = has('auto-submitted') && !/^no\b/i.test(headers['auto-submitted']!);
  add(automatic, 'a machine has sent it', { noise: 2, informational: 0.4, 'needs-response': -2 });
  add(
    /^(1|high|urgent)/i.test(headers.importance ?? headers['x-priority'] ?? ''),
    'its sender marked it as important',
    {
      critical: 0.6,
      'needs-response': 0.3,
    },
  );
  const me = own.email.toLowerCase();
  const isColleague = domainOf(from.address) === domainOf(me);
  const isReply = /^\s*(re|aw|rép|antw)\s*:/i.test(subject);
  add(isColleague && !automatic, 'it comes from inside', { noise: -1.6 });
  add(!isColleague && !isReply, 'it comes from outside', { noise: 0.5 });
  const alone = to.length === 1 && to[0] === me;
  const machine = isNobody(from.address);
  add(alone && !machine && !has('list-unsubscribe'), 'it is written to you alone', { 'needs-response': 0.3 });
  add(to.length > 0 && !to.includes(me), 'it is not written to you', { informational: 0.4, 'needs-response': -0.4 });
  add(to.length > 8, 'it is written to many', { informational: 0.6, 'needs-response': -0.4 });
  const [first = ''] = own.name.split(' ');
  const named =
    first.length > 1 && new RegExp(`(^|[\\s@,])${escaped(first)}[\\s,!.:?–-]`, 'iu').test(text.slice(0, 2_000));
  add(named && !machine, 'it calls you by name', { 'needs-response': 0.5, noise: -0.4 });
  const links = text.match(/https?:\/\//g)?.length ?? 0;
  add(links >= 5, 'it is full of links', { noise: 1 });
  const loud = subject.length > 8 && subject === subject.toUpperCase() && subject !== subject.toLowerCase();
  add(loud, 'its subject shouts', { critical: 0.4, noise: 0.4 });
  add(/[!]{2,}/.test(subject), 'its subject shouts', { noise: 0.4, critical: 0.3 });
  add(/\p{Extended_Pictographic}/u.test(subject), 'its subject has pictures', { noise: 0.8 });
  add(isReply, 'it goes on with a conversation', { informational: 0.3, noise: -0.8 });
  return voices;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
