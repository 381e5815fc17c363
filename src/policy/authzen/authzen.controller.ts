import { Caller, type Principal, Public, Requires } from '#libs/access';
import { type Settings, SETTINGS_TOKEN } from '#libs/config';
import { RateLimit } from '#libs/http';
import { Body, Controller, Get, Header, HttpCode, Inject, Post, Req } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Evaluator } from '../evaluation/evaluator.ts';
import { type AccessDecision, lastOf, toAccessDecision } from './access-decision.ts';
import {
  ACCESS_EVALUATION,
  type AccessEvaluation,
  ACCESS_EVALUATIONS,
  type AccessEvaluations,
  evaluationsOf,
  singleOf,
  toEvaluation,
} from './authzen.schema.ts';

/** The AuthZEN Authorization API 1.0: the same decisions in a form that any enforcement point speaks. */
@ApiTags('AuthZEN')
@Controller()
export class AuthzenController {
  constructor(
    private readonly evaluator: Evaluator,
    @Inject(SETTINGS_TOKEN) private readonly settings: Settings,
  ) {}

  @Get('.well-known/authzen-configuration')
  @Public()
  @Header('Cache-Control', 'public, max-age=3600')
  @ApiOperation({ summary: 'Where the AuthZEN endpoints are' })
  configuration() {
    const url = this.settings.PUBLIC_URL;
    return {
      policy_decision_point: url,
      access_evaluation_endpoint: `${url}/access/v1/evaluation`,
      access_evaluations_endpoint: `${url}/access/v1/evaluations`,
    };
  }

  @Post('access/v1/evaluation')
  @HttpCode(200)
  @Requires('policy:evaluate')
  @RateLimit('evaluations')
  @ApiOperation({
    summary: 'May this subject do this? (AuthZEN Access Evaluation)',
    description:
      'Answers 200 for every decision; "decision" is true for "allow" alone. A subject nobody knows is denied.',
  })
  async evaluation(
    @Caller() caller: Principal,
    @Body({ schema: ACCESS_EVALUATION }) body: AccessEvaluation,
    @Req() request: FastifyRequest,
  ): Promise<AccessDecision> {
    return toAccessDecision(await this.evaluator.evaluate(caller, toEvaluation(body), request.id));
  }

  @Post('access/v1/evaluations')
  @HttpCode(200)
  @Requires('policy:evaluate')
  @RateLimit('evaluations')
  @ApiOperation({
    summary: 'Up to 100 evaluations at once (AuthZEN Access Evaluations)',
    description: 'Without "evaluations" it is a single evaluation. What a short-circuit leaves out is not evaluated.',
  })
  async evaluations(
    @Caller() caller: Principal,
    @Body({ schema: ACCESS_EVALUATIONS }) body: AccessEvaluations,
    @Req() request: FastifyRequest,
  ): Promise<AccessDecision | { evaluations: AccessDecision[] }> {
    const asked = evaluationsOf(body);
    if (asked.length === 0) {
      return toAccessDecision(await this.evaluator.evaluate(caller, singleOf(body), request.id));
    }
    const semantic = body.options?.evaluations_semantic ?? 'execute_all';
    if (semantic === 'execute_all') {
      const answers = await this.evaluator.evaluateAll(caller, asked, request.id);
      return { evaluations: answers.map(toAccessDecision) };
    }
    const endsWith = semantic === 'permit_on_first_permit';
    const evaluations: AccessDecision[] = [];
    for (const evaluation of asked) {
      const decision = toAccessDecision(await this.evaluator.evaluate(caller, evaluation, request.id));
      if (decision.decision === endsWith) return { evaluations: [...evaluations, lastOf(decision, semantic)] };
      evaluations.push(decision);
    }
    return { evaluations };
  }
}
