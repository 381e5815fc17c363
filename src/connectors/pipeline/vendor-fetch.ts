import { setTimeout as pause } from 'node:timers/promises';
import { BrokenCircuitError, type CircuitBreakerPolicy } from 'cockatiel';
import { fetch as send } from 'undici';
import { VendorError, type VendorFailure } from '../connector.ts';
import type { ConnectorType } from '../work-item.ts';
import type { Addresses } from './addresses.ts';
import { pauseBefore } from './backoff.ts';
import type { RequestOutcome } from './connector-metrics.ts';
import type { Turnstile } from './turnstile.ts';
import { judge, primaryReset, type Judgement, type WireAnswer } from './vendor-answer.ts';

/** Set on a request by a connector that knows that it may be sent twice without harm; never sent to the vendor. */
export const REPEATABLE_HEADER = 'x-openclaw-repeatable';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);
const ANSWER_LIMIT_BYTES = 64 * 1024 * 1024;
const REDIRECTS = 3;
/** Nothing of the request has left when one of these comes. */
const NEVER_SENT = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$/;

/** How requests are signed. */
export interface Authorisation {
  /** The value of the `Authorization` header. @throws VendorError */
  header(): Promise<string>;
  /** New credentials after `refused` was refused. @returns false where there are none to be had */
  renew(refused: string): Promise<boolean>;
}

export interface VendorFetchParts {
  readonly type: ConnectorType;
  readonly baseUrl: string;
  readonly personKey: string;
  readonly authorisation: Authorisation;
  readonly turnstile: Turnstile;
  readonly breaker: CircuitBreakerPolicy;
  readonly addresses: Addresses;
  /** Nobody asks before then: the vendor has said so, of this person or of the whole connector. */
  readonly hold: (until: number, ofPerson: boolean) => Promise<void>;
  readonly count: (outcome: RequestOutcome) => void;
  readonly queued: (change: 1 | -1) => void;
  readonly attempts: number;
  readonly attemptTimeoutMs: number;
  readonly breakerOpenMs: number;
  readonly now: () => number;
  readonly random: () => number;
  /** Ends the whole operation. */
  readonly signal: AbortSignal;
  /** Milliseconds since 1970: the operation's time limit. */
  readonly deadline: number;
}

interface Outgoing {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly body: Uint8Array | undefined;
  /** It may be sent again though it may have taken effect. */
  readonly repeatable: boolean;
  readonly wantsJson: boolean;
  readonly signal: AbortSignal;
}

/** An attempt that came to nothing; `sent` where the vendor may have acted on it. */
class AttemptFailed extends Error {
  constructor(
    readonly failure: VendorFailure,
    message: string,
    readonly sent: boolean,
    readonly retryAt?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** True for what the breaker counts: the system itself is not well. */
export function isIllHealth(error: unknown): boolean {
  return error instanceof AttemptFailed && error.failure !== 'invalid';
}

/**
 * The `fetch` that connectors get. A request waits its turn, is signed, is tried again where that is safe and there is time
 * left, and ends either in the vendor's answer or in a {@link VendorError} that says when to come back. Never sent twice:
 * a request that may have taken effect, unless its method or the connector says that this does no harm.
 */
export function vendorFetch(parts: VendorFetchParts): typeof globalThis.fetch {
  return async (input, init) => {
    let request = await outgoing(parts, input, init);
    for (let redirects = 0; ; redirects++) {
      const answer = await persistently(parts, request);
      const location = answer.status >= 301 && answer.status <= 308 ? answer.headers.get('location') : null;
      if (location === null || answer.status === 304) return toResponse(answer, request);
      const target = URL.canParse(location, request.url.href) ? new URL(location, request.url) : undefined;
      if (!target || target.origin !== request.url.origin || !SAFE.has(request.method) || redirects >= REDIRECTS)
        throw problem(parts.type, 'invalid', 'leads to another place, where nobody is sent with these credentials');
      request = { ...request, url: target };
    }
  };
}

async function persistently(parts: VendorFetchParts, request: Outgoing): Promise<WireAnswer> {
  const { type, attempts, now } = parts;
  let renewed = false;
  for (let attempt = 1; ; attempt++) {
    const outcome = await oneAttempt(parts, request);
    if ('answer' in outcome) return outcome.answer;
    const { failed } = outcome;
    if (failed.failure === 'unauthorised') {
      if (!renewed && (await parts.authorisation.renew(outcome.header))) {
        renewed = true;
        attempt--;
        continue;
      }
      throw problem(type, 'unauthorised', 'refuses the credentials; connect it again');
    }
    const mayRepeat = !failed.sent || request.repeatable;
    const wait = pauseBefore(attempt, failed.retryAt, now(), parts.random());
    if (!mayRepeat || attempt >= attempts || now() + wait >= parts.deadline)
      throw problem(type, failed.failure, failed.message, failed.retryAt ?? now() + wait, failed);
    await pause(wait, undefined, { signal: request.signal }).catch(() => undefined);
    throwIfEnded(parts, request);
  }
}

type Outcome = { readonly answer: WireAnswer } | { readonly failed: AttemptFailed; readonly header: string };

async function oneAttempt(parts: VendorFetchParts, request: Outgoing): Promise<Outcome> {
  const { type, count } = parts;
  const leave = await enter(parts, request);
  let header = '';
  try {
    header = await parts.authorisation.header();
    const answer = await parts.breaker.execute(() => overTheWire(parts, request, header));
    count(answer.status < 400 ? 'ok' : 'client_error');
    const reset = type === 'github' ? primaryReset(answer.headers, parts.now()) : undefined;
    if (reset !== undefined) await parts.hold(reset, false);
    return { answer };
  } catch (error) {
    if (error instanceof BrokenCircuitError) {
      count('refused');
      const message = 'has failed several times in a row and is left alone for a moment';
      throw problem(type, 'unavailable', message, parts.now() + parts.breakerOpenMs);
    }
    if (error instanceof NotAFault) {
      const { judgement } = error;
      count(judgement.kind === 'limited' ? 'limited' : 'unauthorised');
      if (judgement.kind !== 'limited')
        return { header, failed: new AttemptFailed('unauthorised', 'refuses the credentials', false) };
      if (judgement.retryAt !== undefined) await parts.hold(judgement.retryAt, judgement.ofPerson);
      const message = 'asks to be left alone for a while';
      return { header, failed: new AttemptFailed('rate_limited', message, false, judgement.retryAt) };
    }
    if (!(error instanceof AttemptFailed)) throw error;
    count('failed');
    throwIfEnded(parts, request);
    return { header, failed: error };
  } finally {
    leave();
  }
}

async function enter(parts: VendorFetchParts, request: Outgoing): Promise<() => void> {
  parts.queued(1); // throws where too many wait in all
  try {
    return await parts.turnstile.enter(parts.personKey, parts.deadline, request.signal);
  } catch (error) {
    throwIfEnded(parts, request);
    if (!(error instanceof VendorError)) throw error;
    parts.count('refused');
    throw problem(parts.type, error.failure, error.message, error.retryAt, error);
  } finally {
    parts.queued(-1);
  }
}

/** An answer that is no sign of ill health: the breaker must not count it. */
class NotAFault extends Error {
  constructor(readonly judgement: Extract<Judgement, { kind: 'limited' | 'unauthorised' }>) {
    super(judgement.kind);
  }
}

async function overTheWire(parts: VendorFetchParts, request: Outgoing, authorization: string): Promise<WireAnswer> {
  const { url, method, body } = request;
  const headers = new Headers(request.headers);
  headers.set('authorization', authorization);
  const timeout = AbortSignal.timeout(Math.max(1, Math.min(parts.attemptTimeoutMs, parts.deadline - parts.now())));
  const signal = AbortSignal.any([timeout, request.signal]);
  let answer: WireAnswer;
  try {
    const dispatcher = parts.addresses.agentFor(url);
    const sent = { method, headers: [...headers], body: body ?? null, signal, dispatcher };
    const response = await send(url, { ...sent, redirect: 'manual' });
    const head = new Headers([...response.headers]);
    answer = { status: response.status, headers: head, body: await bodyOf(response) };
  } catch (error) {
    if (error instanceof VendorError) throw error;
    throw broken(error, timeout.aborted);
  }
  const judgement = judge(parts.type, answer, request.wantsJson, parts.now());
  if (judgement.kind === 'answer') return answer;
  if (judgement.kind === 'failed')
    throw new AttemptFailed(judgement.failure, judgement.message, true, judgement.retryAt);
  throw new NotAFault(judgement);
}

/** What a connection's end means. Codes of Node and undici. */
function broken(error: unknown, timedOut: boolean): AttemptFailed {
  const cause = (error as { cause?: unknown }).cause ?? error;
  const code = String((cause as { code?: unknown }).code ?? '');
  if (code === 'EPRIVATE')
    return new AttemptFailed('invalid', 'leads into a private network', false, undefined, { cause });
  if (timedOut) return new AttemptFailed('timeout', 'did not answer in time', true);
  if (NEVER_SENT.test(code)) return new AttemptFailed('unavailable', 'cannot be reached', false, undefined, { cause });
  return new AttemptFailed('unavailable', 'ended the connection', true, undefined, { cause });
}

async function bodyOf(response: { body: AsyncIterable<Uint8Array> | null }): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > ANSWER_LIMIT_BYTES) throw new Error('the answer is too large');
    chunks.push(chunk);
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

async function outgoing(
  parts: VendorFetchParts,
  input: Parameters<typeof globalThis.fetch>[0],
  init: RequestInit | undefined,
): Promise<Outgoing> {
  // `duplex` is required for bodies that are streams, and missing from the types.
  const request = new Request(input, { ...init, ...(init?.body ? { duplex: 'half' } : {}) } as RequestInit);
  const url = new URL(request.url);
  if (url.origin !== new URL(parts.baseUrl).origin)
    throw problem(parts.type, 'invalid', `is at ${new URL(parts.baseUrl).host}; nothing is sent to ${url.host}`);
  const headers = new Headers(request.headers);
  const marked = headers.has(REPEATABLE_HEADER);
  headers.delete(REPEATABLE_HEADER);
  headers.delete('authorization');
  const accept = headers.get('accept') ?? '';
  const signal = AbortSignal.any([parts.signal, request.signal]);
  signal.throwIfAborted();
  return {
    url,
    method: request.method,
    headers,
    body: request.body === null ? undefined : new Uint8Array(await request.arrayBuffer()),
    repeatable: marked || SAFE.has(request.method),
    wantsJson: /json/i.test(accept) && !accept.includes('*') && url.searchParams.get('alt') !== 'media',
    signal,
  };
}

/** The answer as a client expects it; its body has come whole. */
function toResponse({ status, headers, body }: WireAnswer, request: Outgoing): Response {
  const head = new Headers(headers);
  // The body is decoded already.
  head.delete('content-encoding');
  head.delete('content-length');
  const empty = status === 204 || status === 205 || status === 304 || request.method === 'HEAD';
  const response = new Response(empty ? null : (body as Uint8Array<ArrayBuffer>), { status, headers: head });
  Object.defineProperty(response, 'url', { value: request.url.href });
  return response;
}

function throwIfEnded(parts: VendorFetchParts, request: Outgoing): void {
  if (parts.now() >= parts.deadline || parts.signal.aborted)
    throw problem(parts.type, 'timeout', 'did not answer in time', parts.now() + 1_000);
  request.signal.throwIfAborted();
}

function problem(type: ConnectorType, failure: VendorFailure, message: string, retryAt?: number, cause?: Error) {
  return new VendorError(failure, `${type}: ${message}`, retryAt, cause ? { cause } : {});
}
