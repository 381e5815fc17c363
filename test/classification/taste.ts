import { classify, featuresOf, learnedFrom, type MessageClass } from '#auto-response';
import { type LabelledMessage, READER } from './labelled.ts';
import { measure, type Measure } from './measure.ts';

/**
 * Somebody with a taste of their own: what machines of the company report is worth reading, what is written to everybody is
 * noise, and customers and partners who only tell something want an answer all the same.
 */
export function ofOtherTaste(labelled: LabelledMessage): LabelledMessage {
  const { message, flags, label } = labelled;
  return { ...labelled, label: tasteOf(message.from.address, flags, label) };
}

function tasteOf(address: string, flags: readonly string[], label: MessageClass): MessageClass {
  if (label === 'noise' && flags.includes('auto') && address.endsWith('acme.test')) return 'informational';
  if (label === 'informational' && flags.includes('many')) return 'noise';
  if (label === 'informational' && /@(customer|partner|client)\.example$/.test(address)) return 'needs-response';
  return label;
}

/**
 * Every second message is corrected where it is taken for something else than this person wants; the others are measured before
 * and after.
 */
export function withCorrections(all: readonly LabelledMessage[]): {
  before: Measure;
  after: Measure;
  corrections: number;
} {
  const own = all.map(ofOtherTaste);
  const [seen, unseen] = [own.filter((_, i) => i % 2 === 0), own.filter((_, i) => i % 2 === 1)];
  const corrections = seen.flatMap(({ message, label }) =>
    classify(message, READER).class === label ? [] : [{ features: featuresOf(message), wanted: label }],
  );
  return {
    before: measure('other taste, before', unseen),
    after: measure('other taste, after', unseen, learnedFrom(corrections)),
    corrections: corrections.length,
  };
}
