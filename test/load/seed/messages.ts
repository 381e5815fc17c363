import { Arrivals } from '../generator/arrivals.ts';
import { type MessageKind, scenarios, spread } from '../scenarios.ts';

/** A person to whom messages come, with the address at which they come. */
export interface Receiver {
  readonly id: string;
  readonly email: string;
}

/** A message that is to arrive. */
export interface PlannedMessage {
  /** Stands in its id and subject; what was stored and what was sent is found by it. */
  readonly mark: string;
  /** Milliseconds from the start of the run. */
  readonly due: number;
  /** Which of the people it is for. */
  readonly user: number;
  readonly kind: MessageKind;
}

/** Whom each kind comes from: the colleague so many places further on. Noise comes from a shop. */
const COLLEAGUE: Readonly<Record<string, number>> = { autonomous: 1, notify: 2, approval: 3, surfaced: 4 };
/** With fewer people somebody would be a colleague of two kinds, or write to themselves. */
export const FEWEST_PEOPLE = 5;

/** What a person has said of the colleagues who write to them; the same shape as `PUT /auto-response-rules` takes. */
export function rulesOf(people: readonly Receiver[], user: number) {
  const autonomy = { autonomous: 'autonomous', notify: 'notify', approval: 'approve', surfaced: 'block' } as const;
  return {
    contacts: Object.entries(autonomy).map(([kind, says]) => ({
      match: colleague(people, user, kind),
      autonomy: says,
    })),
  };
}

/**
 * Every message of one run, in the order in which the generator's open model makes them: the n-th arrival is the n-th call.
 * @param run distinguishes the messages of one run from those of others
 */
export function planMessages(options: {
  readonly rate: number;
  readonly durationMs: number;
  readonly seed: number;
  readonly people: number;
  readonly run: string;
}): PlannedMessage[] {
  const arrivals = new Arrivals(options.rate, options.seed);
  const mix = spread(scenarios.messages.mix);
  const planned: PlannedMessage[] = [];
  for (let due = arrivals.take(options.durationMs); due !== undefined; due = arrivals.take(options.durationMs)) {
    const n = planned.length;
    // Each round begins one person further, so that everybody gets messages of every kind.
    const user = (n + Math.floor(n / options.people)) % options.people;
    const mark = `load-${options.run}-${String(n).padStart(6, '0')}`;
    planned.push({ mark, due, user, kind: mix[n % mix.length]!.kind });
  }
  return planned;
}

/** What is sent to `POST /messages`. Each is a conversation of its own: one gets an automatic reply a day. */
export function bodyOf({ mark, user, kind }: PlannedMessage, people: readonly Receiver[]) {
  const { email } = people[user]!;
  const from = kind === 'ignored' ? 'newsletter@shop.example' : colleague(people, user, kind);
  const common = { channel: 'gmail', from, to: email, messageId: `<${mark}@acme.test>` };
  if (kind === 'ignored')
    return {
      ...common,
      subject: `Black Friday sale ${mark}`,
      text: 'Last chance! 40% off all plans. Unsubscribe: https://shop.example/u',
      headers: { 'List-Unsubscribe': '<https://shop.example/u>' },
    };
  return {
    ...common,
    subject: `Question ${mark}`,
    text: `Hi,\n\ncould you tell me by Friday whether draft ${mark} is what you had in mind?\n\nThanks`,
  };
}

function colleague(people: readonly Receiver[], user: number, kind: string): string {
  return people[(user + COLLEAGUE[kind]!) % people.length]!.email;
}
