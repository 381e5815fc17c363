import { setTimeout as pause } from 'node:timers/promises';
import { People } from '#identity';
import { Caller, type Principal, Requires } from '#libs/access';
import { Database } from '#libs/database';
import { type IdempotentRequest, Problem, RateLimit } from '#libs/http';
import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  CONNECTOR_CHANGE,
  CONNECTOR_ID,
  CONNECTOR_LIST,
  CONNECTOR_TYPE,
  type ConnectorChange,
  type ConnectorList,
  NEW_CONNECTOR,
  type NewConnector,
  READ,
  type Read,
  WRITE,
  type Write,
} from './connectors.schema.ts';
import * as sql from './connectors.sql.ts';
import { Connectors, manages } from './connectors.ts';
import { errandOf } from './errand.ts';
import { Operations } from './pipeline/operations.ts';
import { Syncs } from './sync/syncs.ts';
import type { ConnectorType } from './work-item.ts';

/** A caller who starts a sync waits so long for it, in milliseconds; then it goes on by itself. */
const SYNC_WAIT_MS = 3_000;

@ApiTags('Connectors')
@Controller('connectors')
export class ConnectorsController {
  constructor(
    private readonly connectors: Connectors,
    private readonly syncs: Syncs,
    private readonly operations: Operations,
    private readonly people: People,
    private readonly database: Database,
  ) {}

  @Post()
  @Requires('connectors:write')
  @RateLimit('admin')
  @ApiOperation({
    summary: 'Connect a system',
    description:
      'The answer holds the secret for webhooks, which is shown once. Credentials are sealed and never shown.',
  })
  create(
    @Caller() caller: Principal,
    @Body({ schema: NEW_CONNECTOR }) body: NewConnector,
    @Req() request: FastifyRequest,
  ) {
    return this.connectors.create(caller, body, request.id);
  }

  @Get()
  @Requires('connectors:read')
  @RateLimit('admin')
  @ApiOperation({ summary: 'Your connectors, those that serve everybody, and those inside your reach' })
  list(@Caller() caller: Principal, @Query({ schema: CONNECTOR_LIST }) list: ConnectorList) {
    return this.connectors.list(caller, list);
  }

  @Get(':id')
  @Requires('connectors:read')
  @RateLimit('admin')
  @ApiOperation({ summary: 'One connector, without its credentials' })
  get(@Caller() caller: Principal, @Param('id', { schema: CONNECTOR_ID }) id: string) {
    return this.connectors.get(caller, id);
  }

  @Patch(':id')
  @Requires('connectors:write')
  @RateLimit('admin')
  @ApiOperation({ summary: 'Change address, credentials or settings' })
  patch(
    @Caller() caller: Principal,
    @Param('id', { schema: CONNECTOR_ID }) id: string,
    @Body({ schema: CONNECTOR_CHANGE }) body: ConnectorChange,
    @Req() request: FastifyRequest,
  ) {
    return this.connectors.patch(caller, id, body, request.id);
  }

  @Delete(':id')
  @HttpCode(204)
  @Requires('connectors:write')
  @RateLimit('admin')
  @ApiOperation({ summary: 'Disconnect: what was found through it is forgotten' })
  async remove(
    @Caller() caller: Principal,
    @Param('id', { schema: CONNECTOR_ID }) id: string,
    @Req() request: FastifyRequest,
  ) {
    await this.connectors.remove(caller, id, request.id);
  }

  @Post(':id/sync')
  @HttpCode(200)
  @Requires('connectors:read')
  @RateLimit('admin')
  @ApiOperation({
    summary: 'Sync now, for yourself or for the person whose connector it is',
    description: 'Answers 200 with how it stands, or 202 where that takes longer than a few seconds.',
  })
  async sync(
    @Caller() caller: Principal,
    @Param('id', { schema: CONNECTOR_ID }) id: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const row = await this.connectors.visible(caller, id);
    const userId = personOf(row, caller);
    const work = this.syncs.syncNow(caller.tenantId, row.id, userId, request.id);
    const result = await Promise.race([work, pause(SYNC_WAIT_MS, 'late' as const, { ref: false })]);
    if (result === 'late') {
      work.catch(() => undefined);
      void reply.status(202);
    }
    return { ...(await this.standing(caller, row, userId)), running: result === 'late' || result === 'busy' };
  }

  @Get(':id/status')
  @Requires('connectors:read')
  @RateLimit('status')
  @ApiOperation({ summary: 'How it stands: state, reason, last good sync, things known' })
  async status(@Caller() caller: Principal, @Param('id', { schema: CONNECTOR_ID }) id: string) {
    const row = await this.connectors.visible(caller, id);
    return this.standing(caller, row, personOf(row, caller));
  }

  @Post(':type/read')
  @HttpCode(200)
  @Requires('connectors:use')
  @RateLimit('evaluations')
  @ApiOperation({ summary: 'Read from a system on behalf of a person, as policy allows' })
  async read(
    @Caller() caller: Principal,
    @Param('type', { schema: CONNECTOR_TYPE }) type: ConnectorType,
    @Body({ schema: READ }) body: Read,
    @Req() request: FastifyRequest,
  ) {
    const errand = await errandOf(this.people, caller, body.subject?.userId, request.id);
    return this.operations.read(errand, await this.connectors.serving(errand.person, type), body.resource, body.query);
  }

  @Post(':type/write')
  @HttpCode(200)
  @Requires('connectors:use')
  @RateLimit('evaluations')
  @ApiOperation({
    summary: 'Do something in a system on behalf of a person, as policy allows',
    description:
      'What the action takes stands beside `action`. With an Idempotency-Key it is done once, also where a try ended without an answer.',
  })
  async write(
    @Caller() caller: Principal,
    @Param('type', { schema: CONNECTOR_TYPE }) type: ConnectorType,
    @Body({ schema: WRITE }) body: Write,
    @Req() request: FastifyRequest & IdempotentRequest,
  ) {
    const { action, subject, ...others } = body;
    const input = typeof subject === 'string' ? { ...others, subject } : others;
    const person = typeof subject === 'string' ? undefined : subject?.userId;
    const { idempotency, id } = request;
    const errand = { ...(await errandOf(this.people, caller, person, id)), repeatable: idempotency };
    return this.operations.write(errand, await this.connectors.serving(errand.person, type), action, input);
  }

  private standing(caller: Principal, row: sql.ConnectorRow, userId: string) {
    return this.database.tenant(caller.tenantId, async (tx) => {
      const [sync]: sql.SyncRow[] = await tx.query(sql.SYNC_OF_PERSON, [row.id, userId]);
      const [count]: { n: number }[] = await tx.query(sql.COUNT_ITEMS, [row.id, userId]);
      const everybody: { state: string; n: number }[] =
        row.user_id === null && manages(caller).all ? await tx.query(sql.SYNCS_OF_CONNECTOR, [row.id]) : [];
      const reason = !sync?.last_try ? 'It has not been read yet' : sync.reason;
      return {
        id: row.id,
        connector: row.type,
        userId,
        state: sync?.state ?? 'partial',
        ...(reason ? { reason } : {}),
        lastSync: sync?.last_sync?.toISOString() ?? null,
        lastTry: sync?.last_try?.toISOString() ?? null,
        nextSync: sync?.next_sync_at.toISOString() ?? null,
        items: count?.n ?? 0,
        ...(everybody.length > 0 ? { people: Object.fromEntries(everybody.map(({ state, n }) => [state, n])) } : {}),
      };
    });
  }
}

/** Whose sync it is: the owner's, or the caller's where it serves everybody. */
function personOf(row: sql.ConnectorRow, caller: Principal): string {
  if (row.user_id !== null) return row.user_id;
  if (caller.kind === 'person') return caller.person.id;
  throw new Problem('forbidden', 'An agent token has no work of its own.');
}
