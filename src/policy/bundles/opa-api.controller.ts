import { createHash, timingSafeEqual } from 'node:crypto';
import { Public } from '#libs/access';
import { type Settings, SETTINGS_TOKEN } from '#libs/config';
import { invalid, Problem } from '#libs/http';
import { LONG_POLL_SECONDS } from '#libs/opa';
import {
  Body,
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  HttpCode,
  Inject,
  Injectable,
  Param,
  Post,
  Req,
  Res,
  UseGuards,
} from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Bundles } from './bundles.ts';
import { Propagation } from './propagation.ts';

/** The media type with which both sides agree to hold a request open. */
const LONG_POLL_TYPE = 'application/vnd.openpolicyagent.bundles';

const STATUS = z.object({
  bundles: z
    .record(
      z.string(),
      z.object({ active_revision: z.string().optional(), code: z.string().optional(), message: z.string().optional() }),
    )
    .default({}),
});

/** Only the OPA beside this gateway knows the token. */
@Injectable()
export class OpaTokenGuard implements CanActivate {
  constructor(@Inject(SETTINGS_TOKEN) private readonly settings: Settings) {}

  canActivate(context: ExecutionContext): boolean {
    const header = context.switchToHttp().getRequest<FastifyRequest>().headers.authorization ?? '';
    if (timingSafeEqual(digest(header), digest(`Bearer ${this.settings.OPA_BUNDLE_TOKEN}`))) return true;
    throw new Problem('invalid_token', 'This address is for the policy engine beside this gateway.');
  }
}

/** OPA's bundle and status services. Source: OPA's documentation, "Bundle Service API" and "Status Service API". */
@ApiExcludeController()
@Controller('opa/v1')
@Public()
@UseGuards(OpaTokenGuard)
export class OpaApiController {
  constructor(
    private readonly bundles: Bundles,
    private readonly propagation: Propagation,
  ) {}

  @Get('bundles/:file')
  async bundle(@Param('file') file: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const name = /^([a-z0-9-]{1,80})\.tar\.gz$/.exec(file)?.[1];
    if (!name) throw invalid('file', 'must be the name of a bundle with .tar.gz');
    const etag = request.headers['if-none-match'];
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    const bundle =
      etag === undefined
        ? await this.bundles.get(name)
        : await this.bundles.next(name, etag, waitFrom(request.headers.prefer), gone.signal);
    if (!bundle) throw new Problem('not_found', `There is no bundle "${name}".`);
    void reply.header('ETag', bundle.etag).header('Content-Type', LONG_POLL_TYPE).header('Cache-Control', 'no-store');
    // OPA would keep the connection for its next poll, and with it the drain waiting.
    if (this.bundles.closing) void reply.header('Connection', 'close');
    if (bundle.etag === etag) await reply.status(304).send();
    else await reply.send(bundle.bytes);
  }

  @Post('status')
  @HttpCode(200)
  async status(@Body({ schema: STATUS }) body: z.output<typeof STATUS>): Promise<Record<string, never>> {
    await this.propagation.report(body.bundles);
    return {};
  }
}

/** Milliseconds from `Prefer: modes=snapshot,delta;wait=30`. */
function waitFrom(prefer: string | string[] | undefined): number {
  const seconds = Number(/\bwait=(\d{1,4})\b/.exec(String(prefer ?? ''))?.[1] ?? 0);
  return Math.min(seconds, LONG_POLL_SECONDS * 2) * 1000;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
