import { Caller, type Principal, Requires } from '#libs/access';
import { invalid, RateLimit } from '#libs/http';
import { Body, Controller, Delete, Get, Headers, Param, Post, Put, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Propagation } from './bundles/propagation.ts';
import { Policies } from './policies.ts';
import { PolicyReader } from './policy-reader.ts';
import {
  EFFECTIVE,
  type EffectiveQuery,
  NEW_POLICY,
  type NewPolicy,
  POLICY_CHANGE,
  POLICY_DEPRECATION,
  POLICY_ID,
  POLICY_LIST,
  type PolicyChange,
  type PolicyDeprecation,
  type PolicyList,
} from './policy.schema.ts';

@ApiTags('Policy')
@Controller('policies')
export class PoliciesController {
  constructor(
    private readonly policies: Policies,
    private readonly reader: PolicyReader,
    private readonly propagation: Propagation,
  ) {}

  @Post()
  @Requires('policies:write')
  @RateLimit('policy_changes')
  @ApiOperation({
    summary: 'Write a policy',
    description: 'Active policies decide as soon as OPA reports their revision.',
  })
  async create(
    @Caller() caller: Principal,
    @Body({ schema: NEW_POLICY }) body: NewPolicy,
    @Req() request: FastifyRequest,
  ) {
    const { policy, revision } = await this.policies.create(caller, body, request.id);
    await this.propagation.settle(caller.tenantId, revision);
    return policy;
  }

  @Get()
  @Requires('policies:read')
  @RateLimit('admin')
  @ApiOperation({ summary: 'Policies that apply to you or lie inside your reach, newest first' })
  list(@Caller() caller: Principal, @Query({ schema: POLICY_LIST }) list: PolicyList) {
    return this.reader.list(caller, list);
  }

  @Get('effective')
  @Requires('policies:read')
  @RateLimit('admin')
  @ApiOperation({ summary: 'What holds for a person, and which policy each value comes from' })
  effective(@Caller() caller: Principal, @Query({ schema: EFFECTIVE }) query: EffectiveQuery) {
    return this.reader.effective(caller, query.userId);
  }

  @Get('revision')
  @Requires('status:read')
  @RateLimit('status')
  @ApiOperation({ summary: "The revision wanted, and what each replica's OPA runs" })
  revision(@Caller() caller: Principal) {
    return this.propagation.revision(caller.tenantId);
  }

  @Get(':id')
  @Requires('policies:read')
  @RateLimit('admin')
  @ApiOperation({ summary: 'One policy; the ETag is its version' })
  async get(
    @Caller() caller: Principal,
    @Param('id', { schema: POLICY_ID }) id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const policy = await this.reader.get(caller, id);
    void reply.header('ETag', `"${policy.version}"`);
    return policy;
  }

  @Get(':id/versions')
  @Requires('policies:read')
  @RateLimit('admin')
  @ApiOperation({ summary: 'Every version with its author and reason, newest first' })
  versions(@Caller() caller: Principal, @Param('id', { schema: POLICY_ID }) id: string) {
    return this.reader.versions(caller, id);
  }

  @Put(':id')
  @Requires('policies:write')
  @RateLimit('policy_changes')
  @ApiOperation({ summary: 'Change a policy; its version must rise' })
  async change(
    @Caller() caller: Principal,
    @Param('id', { schema: POLICY_ID }) id: string,
    @Body({ schema: POLICY_CHANGE }) body: PolicyChange,
    @Headers('if-match') ifMatch: string | undefined,
    @Req() request: FastifyRequest,
  ) {
    const { policy, revision } = await this.policies.change(caller, id, body, versionFrom(ifMatch), request.id);
    await this.propagation.settle(caller.tenantId, revision);
    return policy;
  }

  @Delete(':id')
  @Requires('policies:write')
  @RateLimit('policy_changes')
  @ApiOperation({ summary: 'Deprecate a policy: it no longer decides' })
  async deprecate(
    @Caller() caller: Principal,
    @Param('id', { schema: POLICY_ID }) id: string,
    @Body({ schema: POLICY_DEPRECATION }) body: PolicyDeprecation,
    @Req() request: FastifyRequest,
  ) {
    const { policy, revision } = await this.policies.deprecate(caller, id, body.changeReason, request.id);
    await this.propagation.settle(caller.tenantId, revision);
    return policy;
  }
}

function versionFrom(ifMatch: string | undefined): string | undefined {
  if (ifMatch === undefined || ifMatch === '*') return undefined;
  const version = /^"([^"]+)"$/.exec(ifMatch)?.[1];
  if (!version) throw invalid('If-Match', 'must be the ETag of the policy, such as "1.0.0" with its quotes');
  return version;
}
