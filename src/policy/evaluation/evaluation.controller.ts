import { Caller, type Principal, Requires } from '#libs/access';
import { RateLimit } from '#libs/http';
import { Body, Controller, Get, HttpCode, Param, Post, Req } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Decisions } from './decisions.ts';
import { BATCH, type Batch, DECISION_ID, type Evaluation, EVALUATION } from './evaluation.schema.ts';
import { Evaluator } from './evaluator.ts';

@ApiTags('Evaluate')
@Controller('policy')
export class EvaluationController {
  constructor(
    private readonly evaluator: Evaluator,
    private readonly decisions: Decisions,
  ) {}

  @Post('evaluate')
  @HttpCode(200)
  @Requires('policy:evaluate')
  @RateLimit('evaluations')
  @ApiOperation({
    summary: 'May the assistant do this?',
    description:
      'Answers 200 for every decision, a denial included. The decision is in the audit log before the answer leaves.',
  })
  evaluate(
    @Caller() caller: Principal,
    @Body({ schema: EVALUATION }) body: Evaluation,
    @Req() request: FastifyRequest,
  ) {
    return this.evaluator.evaluate(caller, body, request.id);
  }

  @Post('evaluate/batch')
  @HttpCode(200)
  @Requires('policy:evaluate')
  @RateLimit('evaluations')
  @ApiOperation({ summary: 'Up to 100 evaluations at once, answered in order' })
  async evaluateAll(@Caller() caller: Principal, @Body({ schema: BATCH }) body: Batch, @Req() request: FastifyRequest) {
    return { items: await this.evaluator.evaluateAll(caller, body.items, request.id) };
  }

  @Get('decisions/:id')
  @Requires('policy:evaluate')
  @RateLimit('audit_queries')
  @ApiOperation({ summary: 'Why a decision came out as it did, in plain words' })
  decision(@Caller() caller: Principal, @Param('id', { schema: DECISION_ID }) id: string) {
    return this.decisions.explain(caller, id);
  }
}
