import { type Classification, classifyContent, higher, highest, isAbove } from '#libs/classification';
import type { Message } from './envelope.ts';

/** One piece of a message and its label: `message` is the text itself, `part 1` the first of its parts. */
export interface Piece {
  readonly part: string;
  readonly classification: Classification;
}
export interface Withheld extends Piece {
  readonly why: string;
}

/** What of a message may go over, and what may not. */
export interface Sharing {
  /** Of the text itself: what the envelope says, raised by what is in it and in the parts that go with it. */
  readonly label: Classification;
  /** Of everything that goes over. */
  readonly highest: Classification;
  readonly message: Message;
  readonly shared: readonly Piece[];
  readonly withheld: readonly Withheld[];
  /** The text itself is above the limit, so nothing goes over. */
  readonly refused: boolean;
}

/**
 * Labels are what is said, raised by content. Parts above the limit stay back; a text above it keeps everything back. The
 * pieces that would go over are looked at together as well, so that nothing passes by being cut in two.
 * @param limit the sender's `max_classification_shared`; undefined where no policy sets one
 */
export function shareUnder(limit: Classification | undefined, said: Classification, message: Message): Sharing {
  const above = (label: Classification) => limit !== undefined && isAbove(label, limit);
  const labelled = message.parts.map((part, i) => ({
    ...part,
    part: `part ${i + 1}`,
    classification: higher(part.classification, classifyContent(part.text)),
  }));
  const kept = labelled.filter(({ classification }) => !above(classification));
  const label = [' ', ''].reduce<Classification>(
    (found, glue) => higher(found, classifyContent([message.text, ...kept.map(({ text }) => text)].join(glue))),
    higher(said, classifyContent(message.text)),
  );
  const refused = above(label);
  const why = (of: Classification) => `${of} is above ${limit}, the most that the sender may share`;
  const main: Piece = { part: 'message', classification: label };
  const pieces = labelled.map(({ part, classification }) => ({ part, classification }));
  const stay = refused ? [main, ...pieces] : pieces.filter(({ classification }) => above(classification));
  return {
    label,
    highest: highest([label, ...kept.map(({ classification }) => classification)])!,
    message: { text: message.text, parts: kept.map(({ text, classification }) => ({ text, classification })) },
    shared: refused ? [] : [main, ...pieces.filter(({ classification }) => !above(classification))],
    withheld: stay.map((piece) => ({
      ...piece,
      why: above(piece.classification) ? why(piece.classification) : 'the message that it belongs to stays back',
    })),
    refused,
  };
}
