import { Caller, type Principal, Requires } from '#libs/access';
import { RateLimit } from '#libs/http';
import { Body, Controller, Get, HttpCode, Param, Post, Query, Req } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { Approval } from './approval.ts';
import { Approvals } from './approvals.ts';
import {
  APPROVAL_ID,
  APPROVAL_LIST,
  type ApprovalList,
  APPROVE,
  type Approve,
  ASK,
  type Ask,
  REJECT,
  type Reject,
} from './approvals.schema.ts';
import { ToolApprovals } from './tool-approvals.ts';

@ApiTags('Approvals')
@Controller('approvals')
export class ApprovalsController {
  constructor(
    private readonly approvals: Approvals,
    private readonly tools: ToolApprovals,
  ) {}

  @Get()
  @Requires('approvals:read')
  @RateLimit('work')
  @ApiOperation({ summary: 'What waits for a decision, and what was decided; newest first' })
  async list(@Caller() caller: Principal, @Query({ schema: APPROVAL_LIST }) list: ApprovalList) {
    const { items, nextCursor } = await this.approvals.list(caller, list);
    return { items: items.map(shown), nextCursor };
  }

  @Get(':id')
  @Requires('approvals:read')
  @RateLimit('work')
  @ApiOperation({ summary: 'One approval, with what would be done' })
  async get(@Caller() caller: Principal, @Param('id', { schema: APPROVAL_ID }) id: string) {
    return shown(await this.approvals.find(caller, id));
  }

  @Post()
  @Requires('approvals:ask')
  @RateLimit('work')
  @ApiOperation({
    summary: 'Ask the person whom a decision is about',
    description:
      'The decision must be `require_approval` and at most 24 hours old. Asked again, it gives the same approval.',
  })
  async ask(@Caller() caller: Principal, @Body({ schema: ASK }) body: Ask, @Req() request: FastifyRequest) {
    return shown(await this.tools.ask(caller, body, request.id));
  }

  @Post(':id/approve')
  @HttpCode(200)
  @Requires('approvals:decide')
  @RateLimit('work')
  @ApiOperation({
    summary: 'Approve, as it is or edited',
    description:
      'The first decision wins; a later one gets 409 with who decided what and when. A tool call is held against today’s policy first.',
  })
  async approve(
    @Caller() caller: Principal,
    @Param('id', { schema: APPROVAL_ID }) id: string,
    @Body({ schema: APPROVE }) { edit }: Approve,
    @Req() request: FastifyRequest,
  ) {
    return shown(await this.tools.decide(caller, id, { approve: true, edit }, request.id));
  }

  @Post(':id/reject')
  @HttpCode(200)
  @Requires('approvals:decide')
  @RateLimit('work')
  @ApiOperation({ summary: 'Reject: nothing of it is done' })
  async reject(
    @Caller() caller: Principal,
    @Param('id', { schema: APPROVAL_ID }) id: string,
    @Body({ schema: REJECT }) { reason }: Reject,
    @Req() request: FastifyRequest,
  ) {
    return shown(await this.tools.decide(caller, id, { approve: false, reason }, request.id));
  }
}

function shown({ tenantId: _, ...approval }: Approval) {
  return approval;
}
