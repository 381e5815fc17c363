import { Caller, type Principal, Requires } from '#libs/access';
import { RateLimit } from '#libs/http';
import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Req } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { AutoResponses } from '../auto-responses.ts';
import { Intake } from './intake.ts';
import {
  ACTIVITY,
  type Activity,
  CORRECTION,
  type CorrectionInput,
  MESSAGE_ID,
  NEW_MESSAGE,
  type NewMessage,
} from './messages.schema.ts';

@ApiTags('Messages')
@Controller()
export class MessagesController {
  constructor(
    private readonly intake: Intake,
    private readonly responses: AutoResponses,
  ) {}

  @Post('messages')
  @HttpCode(202)
  @Requires('messages:use')
  @RateLimit('evaluations')
  @ApiOperation({
    summary: 'Bring a message that has arrived, for yourself or the person you act for',
    description:
      'It is classified and handled by itself: see what became of it with the id. The same channel and messageId again are the same message.',
  })
  submit(@Caller() caller: Principal, @Body({ schema: NEW_MESSAGE }) body: NewMessage, @Req() request: FastifyRequest) {
    return this.intake.submit(caller, body, request.id);
  }

  @Get('messages/:id')
  @Requires('messages:use')
  @RateLimit('evaluations')
  @ApiOperation({ summary: 'What a message was taken for, and what became of it, with the reasons' })
  get(@Caller() caller: Principal, @Param('id', { schema: MESSAGE_ID }) id: string) {
    return this.responses.find(caller, id);
  }

  @Get('auto-responses')
  @Requires('work:read')
  @RateLimit('work')
  @ApiOperation({ summary: 'What became of your messages, newest first' })
  list(@Caller() caller: Principal, @Query({ schema: ACTIVITY }) activity: Activity) {
    return this.responses.list(caller, activity);
  }

  @Post('messages/:id/correction')
  @HttpCode(200)
  @Requires('work:write')
  @RateLimit('work')
  @ApiOperation({
    summary: 'Say what a message should have been taken for',
    description:
      'Later messages that resemble it are classified accordingly. A second one takes the place of the first.',
  })
  correct(
    @Caller() caller: Principal,
    @Param('id', { schema: MESSAGE_ID }) id: string,
    @Body({ schema: CORRECTION }) body: CorrectionInput,
    @Req() request: FastifyRequest,
  ) {
    return this.responses.correct(caller, id, body.class, request.id);
  }

  @Delete('messages/:id/correction')
  @HttpCode(204)
  @Requires('work:write')
  @RateLimit('work')
  @ApiOperation({ summary: 'Take a correction back: what it has taught is forgotten' })
  async forget(
    @Caller() caller: Principal,
    @Param('id', { schema: MESSAGE_ID }) id: string,
    @Req() request: FastifyRequest,
  ) {
    await this.responses.forget(caller, id, request.id);
  }
}
