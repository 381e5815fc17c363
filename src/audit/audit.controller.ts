import { Caller, type Principal, principalName, reachOf, Requires } from '#libs/access';
import { type IdempotentRequest, Problem, RateLimit } from '#libs/http';
import { Body, Controller, Get, Inject, Optional, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import { AuditLog } from './audit-log.ts';
import { AuditReader } from './audit-reader.ts';
import { Completeness } from './completeness.ts';
import { AdminsOnly, ExportRights, mayExport } from './export-rights.ts';
import { ReceivedEntries } from './received-entries.ts';
import { decodeCursor } from './cursor.ts';
import { CONTENT_TYPE, headOf, lineOf } from './export.ts';
import {
  APPEND,
  type AppendBody,
  APPENDED,
  type AuditQuery,
  COMPLETENESS,
  type CompletenessQuery,
  ENTRY,
  EXPORT,
  type ExportQuery,
  PAGE,
  QUERY,
  REPORT,
} from './schemas.ts';

@ApiTags('Audit')
@ApiBearerAuth()
@Controller('audit')
export class AuditController {
  constructor(
    @Inject(AuditLog) private readonly audit: AuditLog,
    @Inject(AuditReader) private readonly reader: AuditReader,
    @Inject(Completeness) private readonly completeness: Completeness,
    @Inject(ReceivedEntries) private readonly received: ReceivedEntries,
    @Optional() @Inject(ExportRights) private readonly exportRights: ExportRights = new AdminsOnly(),
  ) {}

  @Post()
  @Requires('audit:append')
  @RateLimit('audit_appends')
  @ApiOperation({ summary: 'Append one entry or up to 500, all or none. Answers when they are durable.' })
  @ApiResponse({ status: 201, standardSchema: APPENDED })
  async append(
    @Caller() principal: Principal,
    @Body({ schema: APPEND }) body: AppendBody,
    @Req() request: FastifyRequest & IdempotentRequest,
  ): Promise<{ ids: string[] }> {
    return this.received.append(principal, body, request.id, request.idempotency);
  }

  @Get()
  @Requires('audit:read')
  @RateLimit('audit_queries')
  @ApiOperation({ summary: 'Entries within the reach of the caller, newest first. All filters given must hold.' })
  @ApiResponse({ status: 200, standardSchema: PAGE })
  async list(@Caller() principal: Principal, @Query({ schema: QUERY }) query: AuditQuery) {
    const { limit, cursor, ...filter } = query;
    const beforeId = cursor === undefined ? undefined : decodeCursor(cursor);
    return this.reader.page(principal.tenantId, reachOf(principal), filter, { limit, beforeId });
  }

  @Get('export')
  @Requires('audit:read')
  @RateLimit('exports')
  @ApiOperation({
    summary: 'All that matches, newest first, streamed. If something fails midway the connection is cut.',
  })
  @ApiResponse({ status: 200, content: { 'application/x-ndjson': {}, 'text/csv': {} } })
  async export(
    @Caller() principal: Principal,
    @Query({ schema: EXPORT }) query: ExportQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    if (!(await mayExport(this.exportRights, principal))) {
      throw new Problem('forbidden', 'Your role may not export the audit log (policy domain "audit", export_roles).');
    }
    const { format, ...filter } = query;
    await this.recordExport(principal, query, request.id);
    const pages = this.reader.stream(principal.tenantId, reachOf(principal), filter);
    // The first page is read before anything is sent, so that an early failure is a proper problem document.
    let page = await pages.next();
    async function* lines() {
      try {
        yield headOf(format);
        for (; !page.done; page = await pages.next()) {
          yield page.value.map((entry) => lineOf(format, entry)).join('');
        }
      } finally {
        await pages.return();
      }
    }
    await reply
      .header('Content-Type', CONTENT_TYPE[format])
      .header('Content-Disposition', `attachment; filename="audit-${principal.tenantId}.${format}"`)
      .header('Cache-Control', 'no-store')
      .send(Readable.from(lines(), { objectMode: false, highWaterMark: 65_536 }));
  }

  /** Taking a copy of the log is itself something that the log must tell. */
  private async recordExport(principal: Principal, query: ExportQuery, requestId: string): Promise<void> {
    const person = principal.kind === 'person' ? principal.person : undefined;
    await this.audit.append({
      tenantId: principal.tenantId,
      userId: person?.id ?? null,
      orgId: person?.orgId ?? null,
      teamIds: person?.teamIds ?? [],
      actor: principalName(principal),
      actionType: 'data_access',
      actionDetail: { operation: 'audit.export', query },
      outcome: 'success',
      requestId,
    });
  }

  @Get('completeness')
  @Requires('audit:read')
  @RateLimit('audit_queries')
  @ApiOperation({ summary: 'Writers of this tenant and the numbers missing from their sequences.' })
  @ApiResponse({ status: 200, standardSchema: REPORT })
  async complete(@Caller() principal: Principal, @Query({ schema: COMPLETENESS }) query: CompletenessQuery) {
    if (!reachOf(principal).all) throw new Problem('forbidden', 'Only an enterprise admin sees the whole log.');
    return this.completeness.check(principal.tenantId, query);
  }

  @Get(':id')
  @Requires('audit:read')
  @RateLimit('audit_queries')
  @ApiOperation({ summary: 'One entry.' })
  @ApiResponse({ status: 200, standardSchema: ENTRY })
  async find(@Caller() principal: Principal, @Param('id') id: string) {
    const entry = await this.reader.find(principal.tenantId, reachOf(principal), id);
    if (!entry) throw new Problem('not_found', `There is no audit entry "${id.slice(0, 64)}" that you may see.`);
    return entry;
  }
}
