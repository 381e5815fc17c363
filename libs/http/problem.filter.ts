import { isUnavailable } from '#libs/database';
import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  HttpException,
  Logger,
  NotFoundException,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { KeptAnswer } from './kept-answer.ts';
import { Problem, type ProblemCode } from './problem.ts';
import { sendProblem } from './problem.response.ts';

/** The one place where errors become answers. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly log = new Logger('http');

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (error instanceof KeptAnswer) {
      giveAgain(error, reply);
      return;
    }
    const problem = notHere(error, request, reply) ?? toProblem(error);
    if (problem.code === 'internal') this.log.error({ err: error, requestId: request.id }, 'unexpected error');
    if (reply.sent || reply.raw.headersSent) {
      reply.raw.destroy();
      return;
    }
    this.answer(problem, request, reply);
  }

  /** An HTTP answer that says what is wrong. */
  protected answer(problem: Problem, request: FastifyRequest, reply: FastifyReply): void {
    sendProblem(reply, problem, request.id);
  }
}

function giveAgain({ status, body }: KeptAnswer, reply: FastifyReply): void {
  void reply.status(status).header('Idempotency-Replayed', 'true');
  void (body === '' ? reply.send() : reply.type('application/json; charset=utf-8').send(body));
}

/** An address that exists, asked with a method that it does not take. Source: RFC 9110, section 15.5.6. */
function notHere(error: unknown, request: FastifyRequest, reply: FastifyReply): Problem | undefined {
  if (!(error instanceof NotFoundException) || !request.is404) return undefined;
  const path = request.url.split('?')[0] ?? '/';
  const methods = request.server.methodsAt?.(path) ?? [];
  if (methods.length === 0) return new Problem('not_found', `There is nothing at ${path.slice(0, 200)}.`);
  void reply.header('Allow', methods.join(', '));
  return new Problem(
    'method_not_allowed',
    `${request.method} is not for this address; it takes ${methods.join(', ')}.`,
  );
}

const CODE_OF_STATUS: Readonly<Record<number, ProblemCode>> = {
  400: 'validation_failed',
  401: 'authentication_required',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  409: 'conflict',
  413: 'body_too_large',
  414: 'uri_too_long',
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
