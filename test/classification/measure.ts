import { classify, featuresOf, type Learned, MESSAGE_CLASSES, type MessageClass } from '#auto-response';
import { type LabelledMessage, READER } from './labelled.ts';

export interface Measure {
  readonly name: string;
  readonly n: number;
  readonly accuracy: number;
  /** The mean of the classes' F1, each counting the same. */
  readonly macroF1: number;
  readonly f1: Readonly<Record<MessageClass, number>>;
  /** By label, then by what it was taken for. */
  readonly confusion: Readonly<Record<MessageClass, Readonly<Record<MessageClass, number>>>>;
  readonly failures: readonly string[];
}

export function measure(name: string, messages: readonly LabelledMessage[], learned?: Learned): Measure {
  const none = () => Object.fromEntries(MESSAGE_CLASSES.map((one) => [one, 0])) as Record<MessageClass, number>;
  const confusion = Object.fromEntries(MESSAGE_CLASSES.map((one) => [one, none()])) as Record<
    MessageClass,
    Record<MessageClass, number>
  >;
  const failures: string[] = [];
  for (const { label, message } of messages) {
    const ruling = classify(message, READER, learned, featuresOf(message));
    confusion[label][ruling.class]++;
    if (ruling.class !== label)
      failures.push(
        `${label} taken for ${ruling.class} (${ruling.confidence}): ${message.from.address}: ${message.subject} (${ruling.reasons.join('; ')})`,
      );
  }
  const f1 = Object.fromEntries(
    MESSAGE_CLASSES.map((one) => {
      const right = confusion[one][one];
      const labelled = MESSAGE_CLASSES.reduce((sum, other) => sum + confusion[one][other], 0);
      const taken = MESSAGE_CLASSES.reduce((sum, other) => sum + confusion[other][one], 0);
      return [one, labelled + taken === 0 ? 1 : (2 * right) / (labelled + taken)];
    }),
  ) as Record<MessageClass, number>;
  const right = MESSAGE_CLASSES.reduce((sum, one) => sum + confusion[one][one], 0);
  const macroF1 = MESSAGE_CLASSES.reduce((sum, one) => sum + f1[one], 0) / MESSAGE_CLASSES.length;
  return { name, n: messages.length, accuracy: right / messages.length, macroF1, f1, confusion, failures };
}
