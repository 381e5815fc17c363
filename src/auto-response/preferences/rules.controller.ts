import { Caller, type Principal, Requires } from '#libs/access';
import { RateLimit } from '#libs/http';
import { Body, Controller, Get, Put, Req } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { KeptRules } from './kept-rules.ts';
import { RULES, type RulesInput } from './rules.schema.ts';

@ApiTags('Messages')
@Controller('auto-response-rules')
export class RulesController {
  constructor(private readonly rules: KeptRules) {}

  @Get()
  @Requires('work:read')
  @RateLimit('work')
  @ApiOperation({ summary: 'How much say you want in the replies to your messages' })
  get(@Caller() caller: Principal) {
    return this.rules.get(caller);
  }

  @Put()
  @Requires('work:write')
  @RateLimit('work')
  @ApiOperation({
    summary: 'Set how much say you want in the replies to your messages',
    description:
      'The narrowest rule counts: contact, then channel, then class. Policy is the floor: where it is stricter, it holds.',
  })
  put(@Caller() caller: Principal, @Body({ schema: RULES }) body: RulesInput, @Req() request: FastifyRequest) {
    return this.rules.put(caller, body, request.id);
  }
}
