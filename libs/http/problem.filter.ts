import { isUnavailable } from '#libs/database';
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Problem, type ProblemCode } from './problem.ts';

/** The one place where errors become answers. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly log = new Logger('http');

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const problem = toProblem(error);
    if (problem.code === 'internal') this.log.error({ err: error, requestId: request.id }, 'unexpected error');
    if (reply.sent || reply.raw.headersSent) {
      reply.raw.destroy();
      return;
    }
    this.answer(problem, request, reply);
  }

  /** An HTTP answer that says what is wrong. */
  protected answer(problem: Problem, request: FastifyRequest, reply: FastifyReply): void {
    if (problem.extras.retryAfter !== undefined) void reply.header('Retry-After', String(problem.extras.retryAfter));
    if (problem.status === 401) void reply.header('WWW-Authenticate', 'Bearer realm="openclaw"');
    void reply
      .status(problem.status)
      .header('Content-Type', 'application/problem+json; charset=utf-8')
      .header('Cache-Control', 'no-store')
      .send(JSON.stringify(problem.toDocument(request.id)));
  }
}

const CODE_OF_STATUS: Readonly<Record<number, ProblemCode>> = {
  400: 'validation_failed',
  401: 'authentication_required',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  409: 'conflict',
  413: 'body_too_large',
  415: 'unsupported_media_type',
  429: 'rate_limited',
};

/** What a caller is told about an error. Details of unexpected ones stay in the log. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const status = error instanceof HttpException ? error.getStatus() : (error as { statusCode?: unknown })?.statusCode;
  const code = typeof status === 'number' ? CODE_OF_STATUS[status] : undefined;
  if (code) return new Problem(code, (error as Error).message);
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return new Problem('validation_failed', (error as Error).message);
  }
  if (isUnavailable(error)) {
    return new Problem(
      'database_unavailable',
      'The database does not answer. Try again; an Idempotency-Key makes sure that nothing is done twice.',
      {
        retryAfter: 1,
      },
    );
  }
  return new Problem('internal', 'Something went wrong on our side. The request id names it in the log.');
}
