import { Caller, type Principal, Requires } from '#libs/access';
import { RateLimit } from '#libs/http';
import { Body, Controller, Get, HttpCode, Param, Post, Query, Req } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import {
  EXCHANGE_ID,
  EXCHANGE_LIST,
  type ExchangeList,
  POST_MESSAGE,
  type PostMessage,
  RESOLVE,
  type Resolve,
} from './exchange.schema.ts';
import { ExchangeReader } from './exchange-reader.ts';
import { Exchanges } from './exchanges.ts';
import { Settlement } from './settlement.ts';
import { Speaker } from './speaker.ts';

@ApiTags('Exchange')
@Controller('exchanges')
export class ExchangesController {
  constructor(
    private readonly exchanges: Exchanges,
    private readonly reader: ExchangeReader,
    private readonly settlement: Settlement,
    private readonly speaker: Speaker,
  ) {}

  @Post()
  @Requires('exchanges:use')
  @RateLimit('work')
  @ApiOperation({
    summary: 'Send a message to the assistant of another person, in an OCIP 1.0 envelope',
    description:
      'As `sessions_send` on the WebSocket. The answer says what became of the exchange; `delivered` is false where the ' +
      'message waits for a person or was not allowed to go over.',
  })
  async send(
    @Caller() caller: Principal,
    @Body({ schema: POST_MESSAGE }) { onBehalfOf, ...sent }: PostMessage,
    @Req() request: FastifyRequest,
  ) {
    const named = onBehalfOf ?? (caller.kind === 'agent' ? sent.envelope.source_agent.user_id : undefined);
    return this.exchanges.send(caller, await this.speaker.of(caller, named, request.id), sent, request.id);
  }

  @Get()
  @Requires('exchanges:use')
  @RateLimit('work')
  @ApiOperation({ summary: 'Your exchanges, newest first; with an agent token those of the people it acts for' })
  list(@Caller() caller: Principal, @Query({ schema: EXCHANGE_LIST }) list: ExchangeList) {
    return this.reader.list(caller, list);
  }

  @Get(':id')
  @Requires('exchanges:use')
  @RateLimit('work')
  @ApiOperation({ summary: 'One of your exchanges with what was said, shared and withheld' })
  get(@Caller() caller: Principal, @Param('id', { schema: EXCHANGE_ID }) id: string) {
    return this.reader.get(caller, id);
  }

  @Post(':id/resolve')
  @HttpCode(200)
  @Requires('exchanges:resolve')
  @RateLimit('work')
  @ApiOperation({
    summary: 'End one of your exchanges, as resolved or as denied',
    description:
      'For one that runs, and for one that was escalated to its people. Of two who decide at once the first counts.',
  })
  async resolve(
    @Caller() caller: Principal,
    @Param('id', { schema: EXCHANGE_ID }) id: string,
    @Body({ schema: RESOLVE }) body: Resolve,
    @Req() request: FastifyRequest,
  ) {
    await this.settlement.resolve(caller, id, body, request.id);
    return this.reader.get(caller, id);
  }
}
