import { createHash } from 'node:crypto';

/**
 * A tenant's policies are spread over a power of two of bundles, so that a change costs the size of one of them. Policies of
 * one scope are always in the same one.
 */

/** Policies that a bundle should hold at most; with more the tenant is spread over more bundles. */
export const SHARD_POLICIES = 1_000;
/** So many policies changed at once are a load: a tenant that has to be spread wider for it is not first built as it was. */
export const LOAD_POLICIES = 4 * SHARD_POLICIES;
const MOST_SHARDS = 256;
const HASHES = 65_536;

/** How many bundles for so many active policies: a power of two. */
export function shardCount(policies: number): number {
  let count = 1;
  while (count < MOST_SHARDS && policies / count > SHARD_POLICIES / 2 && policies > SHARD_POLICIES) count *= 2;
  return count;
}

/** 0 to 65,535. The column `policies.place_hash` holds the same. @param place such as `org:engineering` */
export function placeHash(place: string): number {
  return parseInt(createHash('md5').update(place).digest('hex').slice(0, 4), 16);
}

/** Which of `count` bundles holds the policies of a place. */
export function shardOf(place: string, count: number): number {
  if (count === 1) return 0;
  return Math.floor((placeHash(place) * count) / HASHES);
}

/** The hashes of a bundle: from, to (both included). */
export function hashRange(shard: number, count: number): [number, number] {
  const width = HASHES / count;
  return [shard * width, (shard + 1) * width - 1];
}

/** One bundle of a tenant. */
export interface Shard {
  readonly tenantId: string;
  readonly shard: number;
  readonly count: number;
}

/** `tenant-acme-3-of-16` */
export function shardBundle({ tenantId, shard, count }: Shard): string {
  return `tenant-${tenantId}-${shard}-of-${count}`;
}

export function parseShardBundle(name: string): Shard | undefined {
  const parts = /^tenant-([a-z0-9][a-z0-9-]{0,62})-(\d{1,3})-of-(\d{1,3})$/.exec(name);
  if (!parts) return undefined;
  const [shard, count] = [Number(parts[2]), Number(parts[3])];
  const valid = count >= 1 && count <= MOST_SHARDS && (count & (count - 1)) === 0 && shard < count;
  return valid ? { tenantId: parts[1]!, shard, count } : undefined;
}

/** Where OPA has a shard below the tenant: `16.3`. The count is in it, so that two ways of spreading never mix. */
export function shardKey(shard: number, count: number): string {
  return `${count}.${shard}`;
}

/** How the base Rego is told where a scope's policies are: `16.3/org:engineering`. */
export function locatedKey(place: string, count: number): string {
  return `${shardKey(shardOf(place, count), count)}/${place}`;
}
