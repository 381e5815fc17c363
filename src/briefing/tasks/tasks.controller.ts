import { Caller, type Principal, Requires } from '#libs/access';
import { RateLimit } from '#libs/http';
import { Body, Controller, Get, HttpCode, Param, Patch, Post, Query, Req } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
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
  ) {}

  @Get()
  @Requires('work:read')
  @RateLimit('work')
  @ApiOperation({ summary: 'Your tasks, the highest score first' })
  async list(@Caller() caller: Principal, @Query({ schema: TASK_LIST }) list: TaskList) {
    return this.tasks.list(await this.own.of(caller), list);
  }

  @Get(':id')
  @Requires('work:read')
  @RateLimit('work')
  @ApiOperation({ summary: 'One task, with the parts of its score' })
  async get(@Caller() caller: Principal, @Param('id', { schema: TASK_ID }) id: string) {
    return this.tasks.get(await this.own.of(caller), id);
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
    return this.tasks.setStatus(await this.own.of(caller), id, body.status, by(caller, request));
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
    return this.tasks.merge(await this.own.of(caller), id, body.taskId, by(caller, request));
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
    return this.tasks.split(await this.own.of(caller), id, body.workItemIds, by(caller, request));
  }
}

function by(principal: Principal, request: FastifyRequest) {
  return { principal, requestId: request.id };
}
