import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { type AuthenticatedRequest, type Principal, principalName } from '#libs/access';
import { Clock } from '#libs/clock';
import { Database } from '#libs/database';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { KeptAnswer } from './kept-answer.ts';
import { invalid, Problem } from './problem.ts';

/** A claim that is older was left by a process that died: the same call may run again. */
const CLAIM_MS = 60_000;
/** How long an answer is kept. */
const KEEP_MS = 24 * 3_600_000;

const KEY = /^[\x21-\x7e]{1,255}$/;

/** On the request while a call with an idempotency key runs. */
export interface IdempotentRequest {
  idempotency?: {
    /** With `claimedAt` the same each time the call is repeated. */
    readonly seed: string;
    readonly claimedAt: number;
    /** Keeps the answer for those who repeat the call, or gives the key back where it failed. */
    readonly settle: (status: number, body: string) => Promise<void>;
  };
}

/**
 * `Idempotency-Key` on every POST: the first answer again for the same key and body, 422 for the same key with another
 * body, 409 while the first call still runs. Only successes are kept, so a call that failed may be repeated.
 *
 * A guard, the last one, claims the key; {@link settleIdempotency} keeps the answer when it is about to leave. A call without
 * a key pays for neither.
 *
 * The key itself is not stored and the kept answer is sealed with it: whoever reads the table learns neither.
 */
@Injectable()
export class IdempotencyGuard implements CanActivate {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** @throws KeptAnswer, which is the first answer */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest & AuthenticatedRequest & IdempotentRequest>();
    const key = request.headers['idempotency-key'];
    if (request.method !== 'POST' || key === undefined || !request.principal) return true;
    if (typeof key !== 'string' || !KEY.test(key)) {
      throw invalid('Idempotency-Key', 'must be 1 to 255 printable ASCII characters without spaces');
    }
    return this.once(request.principal, key, request);
  }

  private async once(principal: Principal, key: string, request: FastifyRequest & IdempotentRequest): Promise<true> {
    const call: Call = {
      tenantId: principal.tenantId,
      caller: principalName(principal),
      keyHash: sha256(`${principal.tenantId}\n${principalName(principal)}\n${key}`),
      requestHash: sha256(`${request.method} ${request.url}\n${JSON.stringify(request.body ?? null)}`),
    };
    const claim = await this.claim(call);
    if (claim.kind === 'answered') throw KeptAnswer.read(open(claim.body, key));
    request.idempotency = {
      seed: call.keyHash.toString('hex'),
      claimedAt: claim.firstClaimedAt,
      settle: async (status, body) => {
        if (status < 400) await this.keep(call, seal(new KeptAnswer(status, body).written(), key));
        else await this.release(call).catch(() => undefined);
      },
    };
    return true;
  }

  private async claim(call: Call): Promise<Claim> {
    const now = this.clock.now();
    return this.database.tenant(call.tenantId, async (tx) => {
      await tx.query(`DELETE FROM idempotency_keys WHERE key_hash = $1 AND created_at < $2`, [
        call.keyHash,
        new Date(now - KEEP_MS),
      ]);
      const inserted: unknown[] = await tx.query(
        `INSERT INTO idempotency_keys (tenant_id, key_hash, caller, request_hash, claimed_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (tenant_id, key_hash) DO NOTHING RETURNING 1`,
        [call.tenantId, call.keyHash, call.caller, call.requestHash, new Date(now)],
      );
      if (inserted.length > 0) return { kind: 'claimed', firstClaimedAt: now };
      const [row]: Row[] = await tx.query(
        `SELECT request_hash, claimed_at, created_at, body FROM idempotency_keys WHERE key_hash = $1 FOR UPDATE`,
        [call.keyHash],
      );
      if (!row)
        throw new Problem('conflict', 'The first call with this idempotency key has just failed; repeat it.', {
          retryAfter: 1,
        });
      if (!row.request_hash.equals(call.requestHash)) {
        throw new Problem(
          'idempotency_key_reused',
          'This Idempotency-Key was used with another request. Use a new key for a new request.',
        );
      }
      if (row.body) return { kind: 'answered', body: row.body };
      if (row.claimed_at.getTime() > now - CLAIM_MS) {
        throw new Problem('conflict', 'The first call with this Idempotency-Key is still running.', { retryAfter: 1 });
      }
      await tx.query(`UPDATE idempotency_keys SET claimed_at = $2 WHERE key_hash = $1`, [call.keyHash, new Date(now)]);
      return { kind: 'claimed', firstClaimedAt: row.created_at.getTime() };
    });
  }

  private async keep(call: Call, body: Buffer): Promise<void> {
    await this.database.tenant(call.tenantId, (tx) =>
      tx.query(`UPDATE idempotency_keys SET body = $2 WHERE key_hash = $1`, [call.keyHash, body]),
    );
  }

  private async release(call: Call): Promise<void> {
    await this.database.tenant(call.tenantId, (tx) =>
      tx.query(`DELETE FROM idempotency_keys WHERE key_hash = $1 AND body IS NULL`, [call.keyHash]),
    );
  }
}

/** A hook before an answer leaves: what cannot be kept is not given out, so that a repeat never does the work twice. */
export function settleIdempotency(
  request: FastifyRequest & IdempotentRequest,
  reply: FastifyReply,
  payload: unknown,
  next: (error?: Error) => void,
): void {
  const { idempotency } = request;
  if (!idempotency) return next();
  delete request.idempotency;
  idempotency.settle(reply.statusCode, typeof payload === 'string' ? payload : '').then(() => next(), next);
}

interface Call {
  readonly tenantId: string;
  readonly caller: string;
  readonly keyHash: Buffer;
  readonly requestHash: Buffer;
}
type Claim = { kind: 'claimed'; firstClaimedAt: number } | { kind: 'answered'; body: Buffer };
interface Row {
  request_hash: Buffer;
  claimed_at: Date;
  created_at: Date;
  body: Buffer | null;
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function sealingKey(key: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', key, 'openclaw', 'idempotency answer', 32));
}

function seal(text: string, key: string): Buffer {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', sealingKey(key), iv);
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]);
}

function open(sealed: Buffer, key: string): string {
  const decipher = createDecipheriv('aes-256-gcm', sealingKey(key), sealed.subarray(0, 12));
  decipher.setAuthTag(sealed.subarray(12, 28));
  return decipher.update(sealed.subarray(28), undefined, 'utf8') + decipher.final('utf8');
}
