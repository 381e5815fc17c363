import { Caller, type Principal, Requires } from '#libs/access';
import { RateLimit } from '#libs/http';
import { Body, Controller, Get, Put, Req } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { OwnPerson } from '../own-person.ts';
import { SCHEDULE, type ScheduleInput } from './schedule.schema.ts';
import { Schedules } from './schedules.ts';

@ApiTags('Work')
@Controller('briefing-schedule')
export class ScheduleController {
  constructor(
    private readonly schedules: Schedules,
    private readonly own: OwnPerson,
  ) {}

  @Get()
  @Requires('work:read')
  @RateLimit('work')
  @ApiOperation({ summary: 'When your briefings are made' })
  async get(@Caller() caller: Principal) {
    return this.schedules.get(await this.own.of(caller));
  }

  @Put()
  @Requires('work:write')
  @RateLimit('work')
  @ApiOperation({
    summary: 'Set when your briefings are made',
    description: 'One is made in each window, which opens when the cron expression says so in that time zone.',
  })
  async put(
    @Caller() caller: Principal,
    @Body({ schema: SCHEDULE }) body: ScheduleInput,
    @Req() request: FastifyRequest,
  ) {
    return this.schedules.put(await this.own.of(caller), body, { principal: caller, requestId: request.id });
  }
}
