import type { Classification } from '#libs/classification';
import type { Withheld } from './sharing.ts';

/** What an escalated exchange was about, for the people who take it over. */
export interface ExchangeStory {
  readonly type: string;
  readonly asker: { readonly userId: string; readonly name: string };
  readonly responder: { readonly userId: string; readonly name: string };
  readonly maxRounds: number;
  readonly reason: string;
  /** What went over, in order. */
  readonly messages: readonly {
    readonly round: number;
    readonly from: string;
    readonly text: string;
    readonly classification: Classification;
    readonly withheld: readonly Withheld[];
  }[];
}

const EXCERPT = 400;

/** A few lines of text: who, about what, how far it went, what was asked, shared and withheld, and why it stopped. */
export function summaryOf({ type, asker, responder, maxRounds, reason, messages }: ExchangeStory): string {
  const name = (id: string) => (id === asker.userId ? asker.name : responder.name);
  const [first] = messages;
  const last = messages.length > 1 ? messages.at(-1) : undefined;
  const shared = messages.map(
    ({ round, from, classification }) => `round ${round} by ${name(from)} (${classification})`,
  );
  const withheld = messages.flatMap((message) =>
    message.withheld.map(({ part, why }) => `${part} of round ${message.round}: ${why}`),
  );
  return [
    `${asker.name} (${asker.userId}) and ${responder.name} (${responder.userId}): ${type.replace('_', ' ')}, ` +
      `${messages.length} of ${maxRounds} rounds.`,
    `Why people take over: ${reason}`,
    `Asked: ${first ? excerpt(first.text) : 'nothing went over'}`,
    ...(last ? [`Last said, by ${name(last.from)}: ${excerpt(last.text)}`] : []),
    `Shared: ${shared.join('; ') || 'nothing'}`,
    `Withheld: ${withheld.join('; ') || 'nothing'}`,
  ].join('\n');
}

function excerpt(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  const signs = [...line];
  return signs.length > EXCERPT ? `${signs.slice(0, EXCERPT).join('')}…` : line;
}
