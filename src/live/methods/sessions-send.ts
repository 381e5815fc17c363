import { Exchanges, type Send, SEND, Speaker } from '#exchange';
import { Injectable } from '@nestjs/common';
import type { LiveCall, LiveMethod } from './method.ts';

/** A message to the assistant of another person, from the one who is connected: as `POST /exchanges`. */
@Injectable()
export class SessionsSend implements LiveMethod<Send> {
  readonly name = 'sessions_send';
  readonly permission = 'exchanges:use';
  readonly limit = 'work';
  readonly params = SEND;

  constructor(
    private readonly exchanges: Exchanges,
    private readonly speaker: Speaker,
  ) {}

  async handle({ principal, session, requestId }: LiveCall, params: Send): Promise<unknown> {
    const from = await this.speaker.of(principal, session.userId, requestId);
    return this.exchanges.send(principal, from, params, requestId);
  }
}
