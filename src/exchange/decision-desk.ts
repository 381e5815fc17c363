import { type Approval, Approvals } from '#approvals';
import { People } from '#identity';
import type { PersonPrincipal } from '#libs/access';
import type { Classification } from '#libs/classification';
import type { Transaction } from '#libs/database';
import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import type { ExchangeType, Message } from './rules/index.ts';
import { type Decided, Settlement } from './settlement.ts';
import { Sides } from './sides.ts';

/** What a person is asked to decide: whether a message may go over, or whether they commit to it. */
export interface Question {
  readonly tenantId: string;
  readonly userId: string;
  readonly subject: string;
  readonly proposal: Proposal;
  readonly classification: Classification;
  readonly requestId: string;
}

/** As the person reads it. Nothing of it can be edited: it is what the assistant has said. */
export interface Proposal {
  readonly exchangeId: string;
  readonly conversationId: string;
  readonly exchangeType: ExchangeType;
  readonly round: number;
  readonly from: string;
  readonly to: string;
  readonly message: Message;
  readonly reason: string;
}

/** Puts questions of exchanges before people, and takes their answers to the exchange. */
@Injectable()
export class DecisionDesk implements OnModuleInit {
  private readonly log = new Logger('exchange');

  constructor(
    private readonly approvals: Approvals,
    private readonly settlement: Settlement,
    private readonly sides: Sides,
    private readonly people: People,
  ) {}

  onModuleInit(): void {
    this.approvals.own('commitment', {
      settled: (tx, approval) => this.settlement.settled(tx, decidedOf(approval)),
      after: (approval) => {
        this.settlement
          .announce(decidedOf(approval))
          .catch((error: unknown) => this.log.warn(`nobody was nudged: ${(error as Error).message}`));
      },
      recheck: (person, approval, requestId) => this.recheck(person, approval, requestId),
    });
  }

  /** Asks within the transaction of what hangs on the answer; {@link announce} belongs after it. */
  ask(tx: Transaction, { proposal, ...wanted }: Question): Promise<Approval> {
    const { exchangeId, round: exchangeRound } = proposal;
    const question = { ...wanted, kind: 'commitment', proposal: { ...proposal } } as const;
    return this.approvals.request(tx, { ...question, exchangeId, exchangeRound });
  }

  announce(approval: Approval): void {
    this.approvals.announce(approval);
  }

  /** Whether policy still lets the person send, or take, what they approve. */
  private async recheck(caller: PersonPrincipal, approval: Approval, requestId: string) {
    const { from, to, exchangeType } = proposalOf(approval);
    const sends = from === approval.userId;
    const [person, other] = await Promise.all(
      [approval.userId, sends ? to : from].map((id) => this.people.find(approval.tenantId, id)),
    );
    const crossOrg = person?.orgId !== other?.orgId;
    const asked = { type: exchangeType, crossOrg, classification: approval.classification };
    const { decision, reason, decisionId } = await this.sides.again(caller, sends, asked, requestId);
    return decision === 'deny' ? { reason, decisionId } : undefined;
  }
}

function proposalOf({ proposal }: Approval): Proposal {
  return proposal as unknown as Proposal;
}

function decidedOf(approval: Approval): Decided {
  const { id, tenantId, userId, status, decidedBy } = approval;
  const { exchangeId } = proposalOf(approval);
  return { id, tenantId, userId, exchangeId, status, byPolicy: decidedBy === 'policy' };
}
