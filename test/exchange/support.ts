import { Approvals } from '#approvals';
import { People } from '#identity';
import { Database } from '#libs/database';
import { PersonEvents } from '#libs/events';
import { type Answer, startTestGateway, type TestGateway } from '../harness/gateway.ts';

export const ALICE = 'alice@acme.test';
export const BOB = 'bob@acme.test';
export const ADMIN = 'admin@acme.test';

let n = 0;
/** A conversation that nobody has had. */
export const conversation = () => `conversation-${process.pid}-${++n}`;

const ORG: Record<string, string> = { carol: 'legal', eve: 'operations', dave: 'operations' };

/** An envelope of somebody at Acme, right in everything unless told otherwise. */
export function envelope(userId: string, conversationId: string, round = 1, more: Record<string, unknown> = {}) {
  return {
    version: '1.0',
    message_type: 'agent-generated',
    source_agent: {
      instance_id: `${userId}-laptop`,
      user_id: userId,
      org_unit: ORG[userId] ?? 'engineering',
      tenant_id: 'acme',
    },
    classification: 'internal',
    conversation_id: conversationId,
    exchange_type: 'information_query',
    exchange_round: round,
    ...more,
  };
}

/** A gateway with assistants of Alice, Bob, Carol and Tomas. */
export interface ExchangeGateway {
  readonly gateway: TestGateway;
  /** Agent tokens by person. */
  readonly agents: Readonly<Record<string, string>>;
  /** Sends as the assistant of `from`, or as whoever `as` says. */
  send(
    from: string,
    to: string,
    message: unknown,
    envelope: Record<string, unknown>,
    options?: { readonly as?: string; readonly onBehalfOf?: string; readonly headers?: Record<string, string> },
  ): Promise<Answer>;
  get(who: string, id: string): Promise<Answer>;
  /** `agent_exchange` entries of a person, newest first, as that person's tenant's administrator reads them. */
  audit(userId: string, admin?: string): Promise<AuditView[]>;
  /** The word of a person on what they were asked last in an exchange. */
  decide(userId: string, exchangeId: string, status: 'approved' | 'rejected'): Promise<void>;
  /** The word of a person on an approval. */
  word(userId: string, approvalId: string, approve: boolean): Promise<void>;
  system(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  /** What a person has been told, in order. */
  told(userId: string): Promise<Record<string, unknown>[]>;
}

export interface AuditView {
  readonly userId: string | null;
  readonly actor: string;
  readonly outcome: string;
  readonly policyResult: string | null;
  readonly policyReason: string | null;
  readonly requestId: string | null;
  // A test reads the field it expects; its absence fails the expectation.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly actionDetail: any;
}

export async function startExchangeGateway(env: Record<string, string> = {}): Promise<ExchangeGateway> {
  const gateway = await startTestGateway({
    env: { EXCHANGES_PER_PAIR: '10000', EXCHANGE_REPEATS_PER_PAIR: '10000', ...env },
  });
  const agents: Record<string, string> = {};
  for (const id of ['alice', 'bob', 'carol', 'tomas']) {
    const answer = await gateway.call(ADMIN, 'POST', '/api/v1/agent-tokens', { name: id, userIds: [id] });
    agents[id] = answer.body.token as string;
  }
  const system = (text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> =>
    gateway.app.get(Database, { strict: false }).system((tx) => tx.query(text, values));
  const word = async (userId: string, approvalId: string, approve: boolean) => {
    const person = await gateway.app.get(People, { strict: false }).find('acme', userId);
    const principal = { kind: 'person', tenantId: 'acme', person: person!, via: 'token' } as const;
    await gateway.app.get(Approvals, { strict: false }).decide(principal, approvalId, { approve }, 'test');
  };
  return {
    gateway,
    agents,
    system,
    send: (from, to, message, sent, { as, onBehalfOf, headers } = {}) =>
      gateway.call(
        as ?? agents[from]!,
        'POST',
        '/api/v1/exchanges',
        { to: { userId: to }, message, envelope: sent, ...(onBehalfOf ? { onBehalfOf } : {}) },
        headers,
      ),
    word,
    decide: async (userId, exchangeId, status) => {
      const [row] = await system(`SELECT waiting FROM exchanges WHERE id = $1`, [exchangeId]);
      const waiting = row!.waiting as { approvalId: string; userId: string }[];
      await word(userId, waiting.findLast((one) => one.userId === userId)!.approvalId, status === 'approved');
    },
    get: (who, id) => gateway.call(who, 'GET', `/api/v1/exchanges/${id}`),
    audit: async (userId, admin = ADMIN) =>
      (await gateway.call(admin, 'GET', `/api/v1/audit?actionType=agent_exchange&userId=${userId}&limit=100`)).body
        .items,
    told: async (userId) =>
      (await gateway.app.get(PersonEvents, { strict: false }).after('acme', userId, 0, 10_000))
        .filter(({ event }) => event === 'session.message')
        .map(({ payload }) => payload),
  };
}
