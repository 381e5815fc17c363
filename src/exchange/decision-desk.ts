import { IdSource } from '#audit';
import type { Classification } from '#libs/classification';
import type { Transaction } from '#libs/database';
import { Injectable } from '@nestjs/common';

/** What a person is asked to decide: whether a message may go over, or whether they commit to it. */
export interface Question {
  readonly tenantId: string;
  readonly userId: string;
  readonly subject: string;
  readonly proposal: Readonly<Record<string, unknown>>;
  readonly classification: Classification;
  readonly exchangeId: string;
  readonly requestId: string;
}

export interface AskedQuestion {
  readonly id: string;
  /** To be called after the transaction. */
  announce(): void;
}

/** Port to where people decide. */
export abstract class DecisionDesk {
  /** Asks within the transaction of what hangs on the answer. */
  abstract ask(tx: Transaction, question: Question): Promise<AskedQuestion>;
}

/** Where nobody can be asked: what waits for a decision waits until its exchange is resolved or expires. */
@Injectable()
export class NoDesk extends DecisionDesk {
  constructor(private readonly ids: IdSource) {
    super();
  }

  override async ask(): Promise<AskedQuestion> {
    return { id: this.ids.next(), announce: () => undefined };
  }
}
