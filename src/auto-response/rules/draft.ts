import { bareSubject, type IncomingMessage, ownWords, type Recipient } from './message.ts';

export interface Reply {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

type Language = 'en' | 'de' | 'fr';

const MARKS: Readonly<Record<Exclude<Language, 'en'>, RegExp>> = {
  de: /\b(und|nicht|ich|wir|sie|bitte|kannst|könn\w*|danke|für|ist|das|noch|mit|guten|hallo|dass|auf|zum)\b/gi,
  fr: /(?<!\p{L})(et|pas|je|nous|vous|merci|bonjour|pour|est|avec|pouvez|peux|une|les|des|salut|cordialement)(?!\p{L})/giu,
};
const ENGLISH = /\b(and|not|we|you|please|can|could|thanks|for|is|the|with|hello|hi|that|to|of)\b/gi;

/** English where it is not clearly German or French. */
export function languageOf(text: string): Language {
  const words = text.slice(0, 4_000);
  const count = (pattern: RegExp) => words.match(pattern)?.length ?? 0;
  const [en, de, fr] = [count(ENGLISH), count(MARKS.de), count(MARKS.fr)];
  if (de > en && de >= fr && de > 1) return 'de';
  return fr > en && fr > 1 ? 'fr' : 'en';
}

/**
 * A holding answer: the message has arrived and a person will see it. It says nothing of when or what, repeats nothing of the
 * message but its subject line, and agrees to nothing.
 */
export function holdingReply(message: IncomingMessage, own: Recipient): Reply {
  const language = languageOf(`${message.subject}\n${ownWords(message.text)}`);
  const name = firstName(message.from.name);
  const me = own.name.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, ' ').trim();
  const text = {
    en: `Hello${name && ` ${name}`},\n\nthank you for your message. It has arrived, and ${me} can see it. An answer comes from ${me} in person; this note decides nothing.`,
    de: `Guten Tag${name && ` ${name}`},\n\nvielen Dank für Ihre Nachricht. Sie ist angekommen, und ${me} kann sie sehen. Eine Antwort kommt von ${me} persönlich; diese Zeilen entscheiden nichts.`,
    fr: `Bonjour${name && ` ${name}`},\n\nmerci pour votre message. Il est bien arrivé et ${me} peut le voir. La réponse viendra de ${me} en personne ; ce mot ne décide de rien.`,
  }[language];
  return { to: message.from.address, subject: replySubject(message.subject), text };
}

export function replySubject(subject: string): string {
  const bare = bareSubject(subject.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, ' ')).slice(0, 300);
  return bare === '' ? 'Re: your message' : `Re: ${bare}`;
}

/** Only what is plainly a name: a sender chooses what stands there. */
function firstName(name: string): string {
  const [first = ''] = name.trim().split(/\s+/);
  return /^\p{Lu}[\p{L}’'-]{1,20}$/u.test(first) ? first : '';
}
