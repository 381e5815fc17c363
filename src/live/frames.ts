import { parseJson, Problem } from '#libs/http';
import { z } from 'zod';

/** The frames of `/ws`. Source: the API contract, "WebSocket". */

/** Version of the protocol, told in the answer to `connect`. */
export const PROTOCOL = 1;

/** Why a connection ends. Source: RFC 6455, section 7.4, and the IANA registry of close codes. */
export const CLOSE = {
  /** A frame that is not text. */
  unsupported: 1003,
  /** The first frame is not a `connect` that is taken. */
  policy: 1008,
  /** The service drains: connect again, to another replica. */
  restart: 1012,
  /** The reader is too slow, or there are too many connections: come back later. */
  tryLater: 1013,
  /** No token in time, or it is not valid any more. */
  unauthenticated: 4401,
} as const;

const ID = z.string().min(1).max(128);

const REQUEST = z.strictObject({
  type: z.literal('req'),
  id: ID,
  method: z.string().min(1).max(100),
  params: z.record(z.string(), z.unknown(), 'must be an object').optional(),
});
export type RequestFrame = z.output<typeof REQUEST>;

/** What stands in `params` of the first frame. */
export const CONNECT = z.strictObject({
  token: z.string().regex(/^[\x21-\x7e]{1,8192}$/, 'must be a bearer token of the identity provider or an agent token'),
  instanceId: z
    .string()
    .regex(/^[A-Za-z0-9._:-]{1,128}$/, 'may have letters, digits, ".", "_", ":" and "-", at most 128')
    .describe('Names this instance of the assistant, the same at each reconnect'),
  userId: z.string().min(1).max(100).optional().describe('For whom; needed where an agent token is for several people'),
  lastSeq: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional().describe('Replay everything after it'),
});
export type Connect = z.output<typeof CONNECT>;

/** A frame that is no request, with its id where one can be made out. */
export class UnreadableFrame extends Error {
  constructor(
    readonly problem: Problem,
    readonly id: string | null,
  ) {
    super(problem.message);
  }
}

/** @throws UnreadableFrame */
export function readRequest(bytes: Uint8Array): RequestFrame {
  let value: unknown;
  try {
    value = parseJson(bytes);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    throw new UnreadableFrame(error, null);
  }
  const frame = REQUEST.safeParse(value);
  if (frame.success) return frame.data;
  const errors = frame.error.issues.slice(0, 20).map((issue) => ({
    path: issue.path.map(String).join('.') || '(frame)',
    message: issue.message,
  }));
  const detail = `${errors[0]!.path}: ${errors[0]!.message}. A request is {"type":"req","id":…,"method":…,"params":{…}}.`;
  const id = ID.safeParse((value as { id?: unknown } | null)?.id);
  throw new UnreadableFrame(new Problem('validation_failed', detail, { errors }), id.success ? id.data : null);
}

export function answerFrame(id: string, payload: unknown): string {
  return JSON.stringify({ type: 'res', id, ok: true, payload });
}

/** @param id null where the request had none that could be read */
export function errorFrame(id: string | null, problem: Problem, requestId: string): string {
  const { errors, retryAfter, members } = problem.extras;
  const error = {
    code: problem.code,
    message: problem.detail,
    requestId,
    ...(errors ? { errors } : {}),
    ...(retryAfter === undefined ? {} : { retryAfter }),
    ...members,
  };
  return JSON.stringify({ type: 'res', id, ok: false, error });
}

/** @param seq of the event; of one that is not stored, that of the last stored one sent before it */
export function eventFrame(event: string, seq: number, payload: unknown, at?: Date): string {
  return JSON.stringify({ type: 'event', event, seq, payload, ...(at ? { at: at.toISOString() } : {}) });
}
