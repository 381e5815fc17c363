import { Caller, type Principal, principalName, Requires } from '#libs/access';
import { RateLimit } from '#libs/http';
import { Body, Controller, Get, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Briefing } from '../briefing.ts';
import { OwnPerson } from '../own-person.ts';
import { acceptedFormat, render } from '../renderings/index.ts';
import {
  BRIEFING_ID,
  BRIEFING_LIST,
  type BriefingList,
  NEW_BRIEFING,
  type NewBriefing,
  type Rendering,
  RENDERING,
} from './briefings.schema.ts';
import { Briefings } from './briefings.ts';

@ApiTags('Work')
@Controller('briefings')
export class BriefingsController {
  constructor(
    private readonly briefings: Briefings,
    private readonly own: OwnPerson,
  ) {}

  @Post()
  @Requires('work:read')
  @RateLimit('work')
  @ApiOperation({
    summary: 'Make a briefing now: ranked tasks, a plan for the day, and how each system stands',
    description: 'A system that is down or slow makes it partial, and `connectorStatus` says which and why.',
  })
  async generate(
    @Caller() caller: Principal,
    @Body({ schema: NEW_BRIEFING }) body: NewBriefing,
    @Req() request: FastifyRequest,
  ) {
    const by = { actor: principalName(caller), requestId: request.id };
    return this.briefings.generate(await this.own.of(caller), body, by);
  }

  @Get()
  @Requires('work:read')
  @RateLimit('work')
  @ApiOperation({ summary: 'Your briefings, newest first' })
  async list(@Caller() caller: Principal, @Query({ schema: BRIEFING_LIST }) { limit, cursor }: BriefingList) {
    return this.briefings.list(await this.own.of(caller), limit, cursor);
  }

  @Get('latest')
  @Requires('work:read')
  @RateLimit('work')
  @ApiOperation({ summary: 'Your newest briefing; as text or Markdown with `format` or an Accept header' })
  async latest(
    @Caller() caller: Principal,
    @Query({ schema: RENDERING }) rendering: Rendering,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return rendered(await this.briefings.latest(await this.own.of(caller)), rendering, request, reply);
  }

  @Get(':id')
  @Requires('work:read')
  @RateLimit('work')
  @ApiOperation({ summary: 'One of your briefings; as text or Markdown with `format` or an Accept header' })
  async get(
    @Caller() caller: Principal,
    @Param('id', { schema: BRIEFING_ID }) id: string,
    @Query({ schema: RENDERING }) rendering: Rendering,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return rendered(await this.briefings.find(await this.own.of(caller), id), rendering, request, reply);
  }
}

function rendered(briefing: Briefing, { format }: Rendering, request: FastifyRequest, reply: FastifyReply) {
  const chosen = format ?? acceptedFormat(request.headers.accept);
  if (chosen === 'json') return briefing;
  const { type, body } = render(briefing, chosen);
  void reply.header('Content-Type', type);
  return body;
}
