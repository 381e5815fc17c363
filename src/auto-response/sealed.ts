import { Sealing } from '#libs/sealing';
import { Injectable } from '@nestjs/common';
import type { IncomingMessage, Reply } from './rules/index.ts';

/** Where a message lies: what is sealed for one opens nowhere else. */
export interface Place {
  readonly tenant_id: string;
  readonly id: string;
}

/** Texts of messages and replies, as they lie in the database. */
@Injectable()
export class Sealed {
  constructor(private readonly sealing: Sealing) {}

  seal(value: IncomingMessage | Reply, { tenant_id: tenant, id }: Place): string {
    const what = 'text' in value && 'headers' in value ? 'content' : 'reply';
    return this.sealing.seal(JSON.stringify(value), `${tenant}/messages/${id}/${what}`);
  }

  /** @throws SealError where the key is gone */
  content(row: Place & { readonly content: string | null }): IncomingMessage | null {
    return this.open(row, row.content, 'content') as IncomingMessage | null;
  }

  /** @throws SealError where the key is gone */
  reply(row: Place & { readonly reply: string | null }): Reply | null {
    return this.open(row, row.reply, 'reply') as Reply | null;
  }

  private open({ tenant_id: tenant, id }: Place, sealed: string | null, what: string): unknown {
    return sealed === null
      ? null
      : (JSON.parse(this.sealing.open(sealed, `${tenant}/messages/${id}/${what}`)) as unknown);
  }
}
