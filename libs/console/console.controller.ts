import { Public } from '#libs/access';
import { cookieOf, Problem } from '#libs/http';
import { Controller, Get, Inject, Param, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ConsoleFiles } from './console-files.ts';

@ApiExcludeController()
@Controller()
export class ConsoleController {
  constructor(@Inject(ConsoleFiles) private readonly files: ConsoleFiles) {}

  @Get()
  @Public()
  page(@Req() request: FastifyRequest, @Res() reply: FastifyReply) {
    const hasSession = Boolean(cookieOf(request, this.files.cookie));
    return reply
      .type('text/html; charset=utf-8')
      .header('Cache-Control', 'no-store')
      .send(this.files.index(hasSession));
  }

  /** Kept by browsers and asked for again each time, so that a new version is seen at once. */
  @Get('console/:file')
  @Public()
  file(@Param('file') name: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply) {
    const file = this.files.find(name);
    if (!file) throw new Problem('not_found', 'The console has no such file.');
    void reply.header('ETag', file.etag).header('Cache-Control', 'no-cache');
    if (request.headers['if-none-match'] === file.etag) return reply.status(304).send();
    return reply.type(file.type).send(file.body);
  }
}
