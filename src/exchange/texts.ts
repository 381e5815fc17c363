import { createHash } from 'node:crypto';
import { SealError, Sealing } from '#libs/sealing';
import { Injectable } from '@nestjs/common';
import type { Message } from './rules/index.ts';

/** Of a message: the exchange it belongs to, and its place there. */
export interface TextPlace {
  readonly tenantId: string;
  readonly exchangeId: string;
  /** A round with its sender, `summary` or `note`. */
  readonly part: string;
}

/** What was said, as it lies in the database: sealed to its place. */
@Injectable()
export class Texts {
  constructor(private readonly sealing: Sealing) {}

  seal(message: Message, place: TextPlace): string {
    return this.sealText(JSON.stringify(message), place);
  }

  /** Null where the text has been dropped, or its key is gone. */
  open(sealed: string | null, place: TextPlace): Message | null {
    const text = this.openText(sealed, place);
    return text === null ? null : (JSON.parse(text) as Message);
  }

  sealText(text: string, place: TextPlace): string {
    return this.sealing.seal(text, nameOf(place));
  }

  openText(sealed: string | null, place: TextPlace): string | null {
    if (sealed === null) return null;
    try {
      return this.sealing.open(sealed, nameOf(place));
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      return null;
    }
  }
}

export function messagePart(round: number, senderId: string): string {
  return `${round}/${senderId}`;
}

export function sha256(...parts: readonly string[]): Buffer {
  return createHash('sha256').update(JSON.stringify(parts)).digest();
}

function nameOf({ tenantId, exchangeId, part }: TextPlace): string {
  return `${tenantId}/exchanges/${exchangeId}/${part}`;
}
