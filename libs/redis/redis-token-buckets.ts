import type { Clock } from '#libs/clock';
import type { RedisClient } from './client.ts';
import type { RedisConnection } from './connection.ts';
import { type BucketLimit, InProcessTokenBuckets, TokenBuckets } from './token-buckets.ts';

/** Milliseconds since 1970 by the clock of the server, which all replicas share. */
const NOW = `
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/** ARGV: tokens a second, most tokens. Answers milliseconds to wait, 0 where a token was taken. */
const TAKE = `${NOW}
  local perSecond, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
  local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at', 'held')
  local held = tonumber(bucket[3] or 0)
  if held > now then return held - now end
  local tokens, at = tonumber(bucket[1] or burst), tonumber(bucket[2] or now)
  tokens = math.min(burst, tokens + math.max(0, now - at) / 1000 * perSecond)
  local wait = 0
  if tokens >= 1 then tokens = tokens - 1
  else wait = math.max(1, math.ceil((1 - tokens) / perSecond * 1000)) end
  redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', now)
  local full = math.ceil((burst - tokens) / perSecond * 1000)
  redis.call('PEXPIRE', KEYS[1], math.min(full + 1000, 1e13))
  return wait`;

/** ARGV: milliseconds from now. A hold never gets shorter: answers how long it is now. */
const HOLD = `${NOW}
  local left = math.ceil(tonumber(ARGV[1]))
  local held = math.max(now + left, tonumber(redis.call('HGET', KEYS[1], 'held') or 0))
  redis.call('HSET', KEYS[1], 'held', held)
  redis.call('PEXPIRE', KEYS[1], math.min(math.max(held - now, redis.call('PTTL', KEYS[1])), 1e13))
  return held - now`;

/** Answers the milliseconds for which the bucket is held. */
const HELD = `${NOW}
  return math.max(0, tonumber(redis.call('HGET', KEYS[1], 'held') or 0) - now)`;

interface Scripts {
  openclawTake(key: string, perSecond: number, burst: number): Promise<number>;
  openclawHold(key: string, milliseconds: number): Promise<number>;
  openclawHeld(key: string): Promise<number>;
}

/**
 * Token buckets that all replicas share, one key each, one script a call. While Redis is away each replica has buckets of its
 * own; what a vendor has told this replica itself is kept in any case.
 */
export class RedisTokenBuckets extends TokenBuckets {
  private readonly scripts: Scripts;
  private readonly here: InProcessTokenBuckets;

  constructor(
    private readonly connection: RedisConnection,
    private readonly clock: Clock,
  ) {
    super();
    this.here = new InProcessTokenBuckets(clock);
    this.scripts = withScripts(connection.client);
  }

  override async take(key: string, limit: BucketLimit): Promise<number> {
    const held = await this.here.heldFor(key);
    if (held > 0) return held;
    return this.connection.answer(
      `bucket ${key}`,
      () => this.scripts.openclawTake(keyOf(key), limit.perSecond, limit.burst),
      () => this.here.take(key, limit),
    );
  }

  override async hold(key: string, until: number): Promise<void> {
    const left = until - this.clock.now();
    await this.here.hold(key, until);
    if (left <= 0) return;
    const shared = await this.connection.answer(
      `bucket ${key}`,
      () => this.scripts.openclawHold(keyOf(key), left),
      async () => 0,
    );
    await this.remember(key, shared);
  }

  override async heldFor(key: string): Promise<number> {
    // A hold never gets shorter: what is known here need not be asked, however often somebody looks.
    const here = await this.here.heldFor(key);
    if (here > 0) return here;
    const shared = await this.connection.answer(
      `bucket ${key}`,
      () => this.scripts.openclawHeld(keyOf(key)),
      async () => 0,
    );
    await this.remember(key, shared);
    return shared;
  }

  private async remember(key: string, milliseconds: number): Promise<void> {
    if (milliseconds > 0) await this.here.hold(key, this.clock.now() + milliseconds);
  }
}

function keyOf(key: string): string {
  return `openclaw:bucket:{${key}}`;
}

function withScripts(client: RedisClient): Scripts {
  for (const [name, lua] of Object.entries({ openclawTake: TAKE, openclawHold: HOLD, openclawHeld: HELD })) {
    client.defineCommand(name, { numberOfKeys: 1, lua });
  }
  return client as unknown as Scripts;
}
