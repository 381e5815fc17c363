import { type Problem, ProblemFilter } from '#libs/http';
import { Catch } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';

/**
 * Somebody who signs in with a browser is told what went wrong by the page at `/`, in words. Clients that do not ask for
 * HTML get the problem document as everywhere else.
 */
@Catch()
export class SignInFilter extends ProblemFilter {
  protected override answer(problem: Problem, request: FastifyRequest, reply: FastifyReply): void {
    if (!prefersHtml(request.headers.accept)) return super.answer(problem, request, reply);
    void reply.header('Cache-Control', 'no-store').redirect(`/?problem=${encodeURIComponent(problem.code)}`, 303);
  }
}

/** True where the Accept header (RFC 9110, 12.5.1) names HTML, and JSON not above it. Wildcards prefer nothing. */
export function prefersHtml(accept = ''): boolean {
  const quality = new Map<string, number>();
  for (const range of accept.toLowerCase().split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
    const q = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? '1';
    quality.set(type, Number(q) || 0);
  }
  const html = quality.get('text/html') ?? 0;
  const json = Math.max(quality.get('application/json') ?? 0, quality.get('application/problem+json') ?? 0);
  return html > 0 && html >= json;
}
