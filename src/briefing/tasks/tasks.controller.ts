import type { DirectoryPerson } from '#identity';
import { Caller, type Principal, principalName, Requires } from '#libs/access';
import { RateLimit } from '#libs/http';
import { Body, Controller, Get, HttpCode, Param, Patch, Post, Query, Req } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { FeatureGate, type GatedAction } from '../feature-gate.ts';
import { OwnPerson } from '../own-person.ts';
import { Tasks } from './tasks.ts';
import {
  MERGE,
  type Merge,
  SPLIT,
  type Split,
  TASK_CHANGE,
  TASK_ID,
  TASK_LIST,
  type TaskChange,
  type TaskList,
} from './tasks.schema.ts';

@ApiTags('Work')
@Controller('tasks')
export class TasksController {
  constructor(
    private readonly tasks: Tasks,
    private readonly own: OwnPerson,
    private readonly gate: FeatureGate,
  ) {}

  @Get()
  @Requires('work:read')
  @RateLimit('work')
  @ApiOperation({ summary: 'Your tasks, the highest score first' })
  async list(
    @Caller() caller: Principal,
    @Query({ schema: TASK_LIST }) list: TaskList,
    @Req() request: FastifyRequest,
  ) {
    return this.tasks.list(await this.allowed(caller, 'task_read', request), list);
  }

  @Get(':id')
  @Requires('work:read')
  @RateLimit('work')
  @ApiOperation({ summary: 'One task, with the parts of its score' })
  async get(@Caller() caller: Principal, @Param('id', { schema: TASK_ID }) id: string, @Req() request: FastifyRequest) {
    return this.tasks.get(await this.allowed(caller, 'task_read', request), id);
  }

  @Patch(':id')
  @Requires('work:write')
  @RateLimit('work')
  @ApiOperation({ summary: 'Say that a task is done, open again or out of sight; your word outranks what is seen' })
  async patch(
    @Caller() caller: Principal,
    @Param('id', { schema: TASK_ID }) id: string,
    @Body({ schema: TASK_CHANGE }) body: TaskChange,
    @Req() request: FastifyRequest,
  ) {
    return this.tasks.setStatus(
      await this.allowed(caller, 'task_update', request),
      id,
      body.status,
      by(caller, request),
    );
  }

  @Post(':id/merge')
  @HttpCode(200)
  @Requires('work:write')
  @RateLimit('work')
  @ApiOperation({ summary: 'These two are one piece of work; it stays so' })
  async merge(
    @Caller() caller: Principal,
    @Param('id', { schema: TASK_ID }) id: string,
    @Body({ schema: MERGE }) body: Merge,
    @Req() request: FastifyRequest,
  ) {
    return this.tasks.merge(await this.allowed(caller, 'task_update', request), id, body.taskId, by(caller, request));
  }

  @Post(':id/split')
  @HttpCode(200)
  @Requires('work:write')
  @RateLimit('work')
  @ApiOperation({ summary: 'These items are another piece of work than the rest; it stays so' })
  async split(
    @Caller() caller: Principal,
    @Param('id', { schema: TASK_ID }) id: string,
    @Body({ schema: SPLIT }) body: Split,
    @Req() request: FastifyRequest,
  ) {
    return this.tasks.split(
      await this.allowed(caller, 'task_update', request),
      id,
      body.workItemIds,
      by(caller, request),
    );
  }

  /** Whose tasks they are, where policy lets them be. */
  private async allowed(caller: Principal, action: GatedAction, request: FastifyRequest): Promise<DirectoryPerson> {
    const person = await this.own.of(caller);
    await this.gate.pass(person, action, ['task_intelligence'], {
      actor: principalName(caller),
      requestId: request.id,
    });
    return person;
  }
}

function by(principal: Principal, request: FastifyRequest) {
  return { principal, requestId: request.id };
}
