import { printable } from './printable.ts';

/** An exchange as `GET /exchanges` tells it. */
export interface ListedExchange {
  readonly id: string;
  readonly conversationId: string;
  readonly exchangeType: string;
  readonly askerId: string;
  readonly responderId: string;
  readonly outcome: string;
  readonly reason: string | null;
  readonly round: number;
  readonly maxRounds: number;
  readonly classification: string;
  readonly waitingFor: readonly string[];
  readonly updatedAt: string;
  readonly expiresAt: string;
  readonly endedAt: string | null;
}

/** One exchange as `GET /exchanges/:id` tells it. */
export interface ShownExchange extends ListedExchange {
  readonly summary: string | null;
  readonly note: string | null;
  readonly messages: readonly {
    readonly round: number;
    readonly from: string;
    readonly state: string;
    readonly sentAt: string;
    readonly classification: string;
    readonly message: { readonly text: string; readonly parts: readonly { readonly text: string }[] } | null;
    readonly withheld: readonly { readonly part: string; readonly why: string }[];
  }[];
}

export const EXCHANGE_HEAD = ['OUTCOME', 'TYPE', 'BETWEEN', 'ROUND', 'WAITING FOR', 'UPDATED', 'ID'];

export function exchangeRow(exchange: ListedExchange): string[] {
  const { outcome, exchangeType, askerId, responderId, round, maxRounds, waitingFor, updatedAt, id } = exchange;
  return [
    outcome,
    exchangeType,
    `${askerId} > ${responderId}`,
    `${round}/${maxRounds}`,
    waitingFor.join(', '),
    updatedAt,
    id,
  ];
}

/** What was said in it, and how it stands. */
export function exchangeLines(exchange: ShownExchange): string[] {
  const { id, exchangeType, askerId, responderId, outcome, reason, round, maxRounds, classification } = exchange;
  const end = exchange.endedAt === null ? `expires ${exchange.expiresAt}` : `ended ${exchange.endedAt}`;
  return [
    `${printable(`${askerId} asks ${responderId}`)}: ${exchangeType}, round ${round} of ${maxRounds}, ${classification}`,
    `${outcome}${reason ? `: ${printable(reason)}` : ''} · ${end}`,
    ...(exchange.waitingFor.length > 0 ? [`waits for ${printable(exchange.waitingFor.join(', '))}`] : []),
    ...exchange.messages.flatMap((message) => [
      '',
      `${message.round}. ${printable(message.from)} · ${message.sentAt} · ${message.classification} · ${message.state}`,
      ...(message.message
        ? [message.message, ...message.message.parts].map(({ text }) => `   ${printable(text)}`)
        : ['   (the text is not kept)']),
      ...message.withheld.map(({ part, why }) => `   withheld: ${part}: ${printable(why)}`),
    ]),
    ...(exchange.summary
      ? ['', 'Summary:', ...exchange.summary.split('\n').map((line) => `  ${printable(line)}`)]
      : []),
    ...(exchange.note ? ['', `Note: ${printable(exchange.note)}`] : []),
    '',
    `exchange ${id}, conversation ${printable(exchange.conversationId)}`,
  ];
}
