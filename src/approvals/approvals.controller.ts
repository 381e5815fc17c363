import { Caller, type Principal, Requires } from '#libs/access';
import { RateLimit } from '#libs/http';
import { Body, Controller, Get, HttpCode, Param, Post, Query, Req } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
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
import { Approvals } from './approvals.ts';
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
  @ApiOperation({ summary: 'What waits for your decision or was decided, newest first' })
  async list(@Caller() caller: Principal, @Query({ schema: APPROVAL_LIST }) list: ApprovalList) {
    return this.approvals.list(caller, list);
  }

  @Post()
  @Requires('approvals:ask')
  @RateLimit('work')
  @ApiOperation({
    summary: 'An assistant asks its person about a decision `require_approval`',
    description: 'Asked again about the same decision, it answers with the approval that is there.',
  })
  async ask(@Caller() caller: Principal, @Body({ schema: ASK }) body: Ask, @Req() request: FastifyRequest) {
    return this.tools.ask(caller, body, request.id);
  }

  @Get(':id')
  @Requires('approvals:read')
  @RateLimit('work')
  @ApiOperation({ summary: 'One approval, with what would be done' })
  async get(@Caller() caller: Principal, @Param('id', { schema: APPROVAL_ID }) id: string) {
    return this.approvals.find(caller, id);
  }

  @Post(':id/approve')
  @HttpCode(200)
  @Requires('approvals:decide')
  @RateLimit('work')
  @ApiOperation({
    summary: 'Let it be done, as it is or as you edit it; the first decision holds',
    description:
      "Today's policy is asked again first: where it denies by now, this is 409 and the approval is rejected.",
  })
  async approve(
    @Caller() caller: Principal,
    @Param('id', { schema: APPROVAL_ID }) id: string,
    @Body({ schema: APPROVE }) { edit }: Approve,
    @Req() request: FastifyRequest,
  ) {
    return this.approvals.decide(caller, id, { approve: true, edit }, request.id);
  }

  @Post(':id/reject')
  @HttpCode(200)
  @Requires('approvals:decide')
  @RateLimit('work')
  @ApiOperation({ summary: 'Do not let it be done; the first decision holds' })
  async reject(
    @Caller() caller: Principal,
    @Param('id', { schema: APPROVAL_ID }) id: string,
    @Body({ schema: REJECT }) { reason }: Reject,
    @Req() request: FastifyRequest,
  ) {
    return this.approvals.decide(caller, id, { approve: false, reason }, request.id);
  }
}
