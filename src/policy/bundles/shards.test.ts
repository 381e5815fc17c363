import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { hashRange, parseShardBundle, placeHash, SHARD_POLICIES, shardBundle, shardCount, shardOf } from './shards.ts';

describe('spreading a tenant over bundles', () => {
  test('a small tenant has one, a large one a power of two of about half the bound each', () => {
    expect([0, 1, SHARD_POLICIES].map(shardCount)).toEqual([1, 1, 1]);
    fc.assert(
      fc.property(fc.integer({ min: SHARD_POLICIES + 1, max: 100_000 }), (policies) => {
        const count = shardCount(policies);
        expect(Number.isInteger(Math.log2(count))).toBe(true);
        expect(policies / count).toBeLessThanOrEqual(SHARD_POLICIES / 2);
      }),
    );
  });

  test('every place is in exactly the bundle whose range holds its hash', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 0, max: 8 }), (place, bits) => {
        const count = 2 ** bits;
        const shard = shardOf(place, count);
        const [from, to] = hashRange(shard, count);
        expect(placeHash(place)).toBeGreaterThanOrEqual(from);
        expect(placeHash(place)).toBeLessThanOrEqual(to);
        expect(shard).toBeLessThan(count);
      }),
    );
  });

  test('names of bundles read back, and nothing else does', () => {
    const shard = { tenantId: 'a-1-of-2', shard: 3, count: 16 };
    expect(parseShardBundle(shardBundle(shard))).toEqual(shard);
    for (const name of ['base', 'tenant-acme', 'tenant-acme-1-of-3', 'tenant-acme-4-of-4', 'tenant--1-of-2']) {
      expect(parseShardBundle(name)).toBeUndefined();
    }
  });
});
