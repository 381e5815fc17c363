import { Caller, type Principal, Requires } from '#libs/access';
import { RateLimit } from '#libs/http';
import { Body, Controller, Delete, Get, HttpCode, Param, Post, Req } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { AgentTokens, NEW_TOKEN, type NewToken } from './agent-tokens.ts';
import { USER_ID } from './directory.schema.ts';

@ApiTags('Identity')
@Controller('agent-tokens')
export class AgentTokensController {
  constructor(private readonly tokens: AgentTokens) {}

  @Post()
  @Requires('agent-tokens:manage')
  @RateLimit('admin')
  @ApiOperation({ summary: 'A token with which an assistant acts for named people; shown once' })
  create(@Caller() caller: Principal, @Body({ schema: NEW_TOKEN }) body: NewToken, @Req() request: FastifyRequest) {
    return this.tokens.create(caller, body, request.id);
  }

  @Get()
  @Requires('agent-tokens:manage')
  @RateLimit('admin')
  @ApiOperation({ summary: 'Agent tokens, newest first, revoked ones included' })
  list(@Caller() caller: Principal) {
    return this.tokens.list(caller);
  }

  @Get(':id')
  @Requires('agent-tokens:manage')
  @RateLimit('admin')
  @ApiOperation({ summary: 'One agent token, without its secret' })
  get(@Caller() caller: Principal, @Param('id', { schema: USER_ID }) id: string) {
    return this.tokens.get(caller, id);
  }

  @Delete(':id')
  @HttpCode(204)
  @Requires('agent-tokens:manage')
  @RateLimit('admin')
  @ApiOperation({ summary: 'Revoke an agent token: it stops working within a second on every replica' })
  async revoke(
    @Caller() caller: Principal,
    @Param('id', { schema: USER_ID }) id: string,
    @Req() request: FastifyRequest,
  ) {
    await this.tokens.revoke(caller, id, request.id);
  }
}
