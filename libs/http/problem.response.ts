import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { Problem } from './problem.ts';

const TYPE = 'application/problem+json; charset=utf-8';

/** Answers with the problem's document. */
export function sendProblem(reply: FastifyReply, problem: Problem, requestId: string): void {
  if (problem.extras.retryAfter !== undefined) void reply.header('Retry-After', String(problem.extras.retryAfter));
  if (problem.status === 401) void reply.header('WWW-Authenticate', 'Bearer realm="openclaw"');
  void reply
    .status(problem.status)
    .header('Content-Type', TYPE)
    .header('Cache-Control', 'no-store')
    .send(JSON.stringify(problem.toDocument(requestId)));
}

/** Why bytes on a connection became no request. Codes are those of Node's HTTP parser. */
function unreadable(error: NodeJS.ErrnoException): Problem {
  switch (error.code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new Problem('request_timeout', 'The request did not arrive whole in time.');
    case 'HPE_HEADER_OVERFLOW':
      return new Problem('headers_too_large', 'The request line and headers may have at most 16 KiB together.');
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new Problem('body_too_large', 'The extensions of a chunk are too large.');
    default:
      return new Problem('validation_failed', 'This is no HTTP/1.1 request.');
  }
}

/** Answers bytes that are no request, where there is no request and no reply yet, and closes the connection. */
export function refuseConnection(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  answerOnSocket(unreadable(error), socket);
}

/** Answers on a connection that has no reply object, and closes it. */
export function answerOnSocket(problem: Problem, socket: Duplex): void {
  const requestId = randomUUID();
  const body = JSON.stringify(problem.toDocument(requestId));
  const lines = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    `Content-Type: ${TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${requestId}`,
    ...(problem.extras.retryAfter === undefined ? [] : [`Retry-After: ${problem.extras.retryAfter}`]),
    'Cache-Control: no-store',
    'Connection: close',
  ];
  // What is still coming in is not read: a client that goes on sending must not keep the connection.
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
