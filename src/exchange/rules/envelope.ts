import { CLASSIFICATIONS } from '#libs/classification';
import { instant } from '#libs/http';
import { z } from 'zod';

export const EXCHANGE_TYPES = ['information_query', 'commitment_request', 'meeting_scheduling'] as const;
export type ExchangeType = (typeof EXCHANGE_TYPES)[number];
export const REPLY_POLICIES = ['agent-ok', 'human-only', 'no-reply-needed'] as const;
export type ReplyPolicy = (typeof REPLY_POLICIES)[number];
export const MESSAGE_TYPES = ['agent-generated', 'agent-assisted', 'human'] as const;
export type MessageType = (typeof MESSAGE_TYPES)[number];

/** What each type asks for at least; an envelope can ask for more. Source: DOMAIN rules, section 6. */
export const OF_TYPE: Readonly<Record<ExchangeType, { readonly reply: ReplyPolicy; readonly commitment: boolean }>> = {
  information_query: { reply: 'agent-ok', commitment: false },
  commitment_request: { reply: 'agent-ok', commitment: true },
  meeting_scheduling: { reply: 'human-only', commitment: true },
};

export const DEFAULT_ROUNDS = 3;
export const DEFAULT_LIFE_MS = 24 * 3_600_000;
/** Nobody may keep an exchange open longer. */
export const LONGEST_LIFE_MS = 30 * 24 * 3_600_000;

const text = (max: number) => z.string().min(1).max(max);
const oneOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, { error: ({ input }) => `must be one of ${values.join(', ')}; ${said(input)} was given` });

/** An OCIP 1.0 envelope. Source: DOMAIN rules, section 6. */
export const ENVELOPE = z.strictObject({
  version: z.literal('1.0', { error: ({ input }) => `must be "1.0"; ${said(input)} was given` }),
  message_type: oneOf(MESSAGE_TYPES),
  source_agent: z
    .strictObject({
      instance_id: text(200),
      user_id: text(100),
      org_unit: text(100).describe('The org of the person, or one of their teams'),
      tenant_id: text(63),
    })
    .describe('Who speaks. Checked against the directory: nobody can claim to be somebody else'),
  classification: oneOf(CLASSIFICATIONS),
  conversation_id: z
    .string()
    .regex(/^[\x21-\x7e]{1,200}$/, 'must be 1 to 200 printable ASCII characters without spaces')
    .describe('Belongs to one exchange of two people for good'),
  exchange_type: oneOf(EXCHANGE_TYPES),
  exchange_round: z.number().int().min(1).max(1000).describe('1 for the first message; the server counts as well'),
  max_rounds: z
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(DEFAULT_ROUNDS)
    .describe('Of the first envelope, capped by the policies of both people; later ones change nothing'),
  capabilities: z
    .strictObject({
      can_commit: z.boolean().default(false).describe('Always false for assistants'),
      can_share: z
        .union([z.boolean(), z.array(text(100)).max(50)])
        .default([])
        .describe('What the sender says it may share; policy decides'),
    })
    .default({ can_commit: false, can_share: [] }),
  reply_policy: oneOf(REPLY_POLICIES)
    .optional()
    .describe('Without it: that of the type. Meetings are human-only always'),
  requires_commitment: z.boolean().optional().describe('true: a person decides. What a type requires holds anyway'),
  expires_at: instant().optional().describe('Of the first envelope; without it 24 hours from now, at most 30 days'),
});
export type Envelope = z.output<typeof ENVELOPE>;

const MESSAGE_TEXT = z.string().min(1).max(20_000);

/** What is said: a text, and with it parts that have labels of their own and can be withheld alone. */
export const MESSAGE = z.union(
  [
    MESSAGE_TEXT.transform((said) => ({ text: said, parts: [] })),
    z.strictObject({
      text: MESSAGE_TEXT,
      parts: z
        .array(z.strictObject({ text: MESSAGE_TEXT, classification: oneOf(CLASSIFICATIONS) }))
        .max(20)
        .default([]),
    }),
  ],
  {
    error: 'must be a text of 1 to 20000 characters, or {text, parts?: [{text, classification}]} with at most 20 parts',
  },
);
export type Message = z.output<typeof MESSAGE>;

/** The stricter of what the type and the envelope say about who may answer. */
export function replyPolicy({ exchange_type, reply_policy }: Envelope): ReplyPolicy {
  const { reply } = OF_TYPE[exchange_type];
  return reply === 'human-only' ? reply : (reply_policy ?? reply);
}

function said(input: unknown): string {
  return input === undefined ? 'nothing' : (JSON.stringify(input)?.slice(0, 100) ?? typeof input);
}
