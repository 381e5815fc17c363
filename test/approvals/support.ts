import { UlidSource } from '#audit';
import { Approvals, type Approval, type Kind, type NewApproval, type Owner } from '#approvals';
import { Directory, type PersonPrincipal } from '#libs/access';
import { SystemClock } from '#libs/clock';
import { Database } from '#libs/database';
import { PersonEvents } from '#libs/events';
import { Settlements } from '../../src/approvals/settlements.ts';
import { startTestGateway, type TestGateway, type TestGatewayOptions } from '../harness/gateway.ts';

/** A gateway with what tests of approvals do over and over. */
export interface ApprovalsGateway {
  readonly gateway: TestGateway;
  readonly approvals: Approvals;
  readonly database: Database;
  /** Puts a drafted reply before a person, Alice unless told. */
  ask(wanted?: Partial<NewApproval>): Promise<Approval>;
  /** Takes the place of whoever owns a kind. */
  own(kind: Kind, owner: Owner): void;
  /** Calls of the API as a person (by e-mail) or with a token. */
  call(who: string, method: string, path: string, body?: unknown): ReturnType<TestGateway['call']>;
  principal(userId: string): Promise<PersonPrincipal>;
  /** Rows as they lie in the database. */
  rows(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  /** Entries of the audit log on one approval. */
  audited(id: string): Promise<Record<string, unknown>[]>;
  /** Events that a person has been sent about one approval. */
  told(userId: string, id: string): Promise<{ event: string; payload: Record<string, unknown> }[]>;
}

const ids = new UlidSource(new SystemClock());

export async function startApprovalsGateway(options?: TestGatewayOptions): Promise<ApprovalsGateway> {
  const gateway = await startTestGateway(options);
  const get = <T>(type: abstract new (...given: never[]) => T) => gateway.app.get<T>(type as never, { strict: false });
  const [approvals, database] = [get(Approvals), get(Database)];
  const rows = (text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> =>
    database.system((tx) => tx.query(text, values));
  return {
    gateway,
    approvals,
    database,
    rows,
    own: (kind, owner) => void get(Settlements).owners.set(kind, owner),
    ask: (wanted = {}) => {
      const whole: NewApproval = {
        tenantId: 'acme',
        userId: 'alice',
        kind: 'reply',
        subject: 'Answer to Bob: lunch',
        proposal: { to: ['bob@acme.test'], subject: 'Re: lunch', text: 'At noon.' },
        classification: 'internal',
        ...wanted,
      };
      return database.tenant(whole.tenantId, (tx) => approvals.request(tx, whole));
    },
    call: (who, method, path, body) => gateway.call(who, method, `/api/v1${path}`, body),
    principal: async (userId) => {
      const person = await get(Directory).find('acme', userId);
      return { kind: 'person', tenantId: 'acme', person: person!, via: 'token' };
    },
    audited: (id) =>
      rows(
        `SELECT action_detail AS detail, actor, outcome FROM audit_entries
         WHERE action_type = 'approval' AND action_detail->>'approvalId' = $1`,
        [id],
      ),
    told: async (userId, id) =>
      (await get(PersonEvents).after('acme', userId, 0, 10_000))
        .filter(({ payload }) => payload.id === id)
        .map(({ event, payload }) => ({ event, payload })) as never,
  };
}

/** An id that nothing else has. */
export const newId = () => ids.next();
