import { Caller, type Principal, Requires } from '#libs/access';
import { RateLimit } from '#libs/http';
import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query, Req } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import {
  IMPORT,
  type ImportInput,
  USER_CHANGE,
  USER_ID,
  USER_LIST,
  type UserChange,
  type UserList,
} from './directory.schema.ts';
import { People } from './people.ts';

@ApiTags('Identity')
@Controller('users')
export class UsersController {
  constructor(private readonly people: People) {}

  @Get()
  @Requires('users:read')
  @RateLimit('admin')
  @ApiOperation({ summary: 'People inside your reach' })
  list(@Caller() caller: Principal, @Query({ schema: USER_LIST }) list: UserList) {
    return this.people.list(caller, list);
  }

  @Get(':id')
  @Requires('users:read')
  @RateLimit('admin')
  @ApiOperation({ summary: 'One person' })
  get(@Caller() caller: Principal, @Param('id', { schema: USER_ID }) id: string) {
    return this.people.get(caller, id);
  }

  @Post()
  @Requires('users:write')
  @RateLimit('admin')
  @ApiOperation({ summary: 'Import people in bulk: new ids are created, known ones changed' })
  import(@Caller() caller: Principal, @Body({ schema: IMPORT }) body: ImportInput, @Req() request: FastifyRequest) {
    return this.people.import(caller, body, request.id);
  }

  @Patch(':id')
  @Requires('users:write')
  @RateLimit('admin')
  @ApiOperation({ summary: 'Change a person' })
  change(
    @Caller() caller: Principal,
    @Param('id', { schema: USER_ID }) id: string,
    @Body({ schema: USER_CHANGE }) body: UserChange,
    @Req() request: FastifyRequest,
  ) {
    return this.people.patch(caller, id, body, request.id);
  }

  @Delete(':id')
  @HttpCode(204)
  @Requires('users:write')
  @RateLimit('admin')
  @ApiOperation({ summary: 'Deactivate a person: no sign-in, no assistant acts for them, records stay' })
  async deactivate(
    @Caller() caller: Principal,
    @Param('id', { schema: USER_ID }) id: string,
    @Req() request: FastifyRequest,
  ) {
    await this.people.deactivate(caller, id, request.id);
  }
}
