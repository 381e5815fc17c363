import { Latencies } from './latencies.ts';
import type { MessageState } from './scenarios.ts';
import type { PlannedMessage } from './seed/messages.ts';

/** A message as the gateway has it. Moments are milliseconds since 1970. */
export interface StoredMessage {
  readonly mark: string;
  readonly state: string;
  /** Its approval waits for the person. */
  readonly waits: boolean;
  readonly acceptedAt: number;
  /** When it was decided what becomes of it. */
  readonly decidedAt: number | null;
  readonly sentAt: number | null;
}

/** A reply as the receiver's system has it. */
export interface Reply {
  readonly mark: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** What became of the messages of a run. */
export interface Outcomes {
  readonly stored: number;
  /** Sent in, and not there. */
  readonly missing: number;
  /** Neither at an end nor waiting for a person. */
  readonly unfinished: number;
  /** Messages by what they should have come to and did not: `autonomous: failed`. */
  readonly unexpected: Readonly<Record<string, number>>;
  readonly replies: {
    readonly wanted: number;
    readonly received: number;
    /** Messages that should have been answered and were not. */
    readonly lost: number;
    /** Messages that were answered more than once. */
    readonly doubled: number;
    /** Replies to messages that should not have been answered. */
    readonly unasked: number;
  };
  /** From when a message was due to its reply at the receiver, or, where none is wanted, to the decision; by kind. */
  readonly latencies: ReadonlyMap<string, Latencies>;
  /** All replies. */
  readonly dispatch: Latencies;
  /** Replies by the gateway's own account, from acceptance on. */
  readonly own: Latencies;
}

const FINAL: readonly string[] = ['sent', 'surfaced', 'ignored', 'rejected', 'expired', 'failed'];

/**
 * @param sent what was sent in, whether it was acknowledged or not
 * @param startedAt of the run, milliseconds since 1970
 * @param warmUpMs what was due before counts, and is left out of the latencies
 * @param expected the state that each kind comes to
 */
export function outcomesOf(options: {
  readonly sent: readonly PlannedMessage[];
  readonly stored: readonly StoredMessage[];
  readonly replies: readonly Reply[];
  readonly startedAt: number;
  readonly warmUpMs: number;
  readonly expected: Readonly<Record<string, MessageState>>;
}): Outcomes {
  const { sent, startedAt, warmUpMs, expected } = options;
  const stored = new Map(options.stored.map((message) => [message.mark, message]));
  const replies = new Map<string, number[]>();
  for (const { mark, at } of options.replies) replies.set(mark, [...(replies.get(mark) ?? []), at]);

  const latencies = new Map(Object.keys(expected).map((kind) => [kind, new Latencies()]));
  const [dispatch, own] = [new Latencies(), new Latencies()];
  const unexpected: Record<string, number> = {};
  const found = { missing: 0, unfinished: 0, wanted: 0, lost: 0, doubled: 0, unasked: 0 };
  for (const { mark, kind, due } of sent) {
    const message = stored.get(mark);
    const answers = replies.get(mark) ?? [];
    if (!message) {
      found.missing++;
      found.unasked += answers.length;
      continue;
    }
    const { state, waits, decidedAt, sentAt, acceptedAt } = message;
    if (!FINAL.includes(state) && !(state === 'drafted' && waits)) found.unfinished++;
    if (state !== expected[kind]) {
      const what = `${kind}: ${state}`;
      unexpected[what] = (unexpected[what] ?? 0) + 1;
    }
    const isWanted = expected[kind] === 'sent';
    if (isWanted) {
      found.wanted++;
      if (answers.length === 0) found.lost++;
      if (answers.length > 1) found.doubled++;
    } else found.unasked += answers.length;
    const isCounted = due >= warmUpMs;
    const end = isWanted ? answers[0] : decidedAt;
    if (!isCounted || end === undefined || end === null) continue;
    const ms = Math.max(0, end - (startedAt + due));
    latencies.get(kind)!.record(ms);
    if (!isWanted) continue;
    dispatch.record(ms);
    if (sentAt !== null) own.record(Math.max(0, sentAt - acceptedAt));
  }
  const { missing, unfinished, ...counts } = found;
  return {
    stored: stored.size,
    missing,
    unfinished,
    unexpected,
    replies: { ...counts, received: options.replies.length },
    latencies,
    dispatch,
    own,
  };
}
