import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { until } from '../harness/until.ts';
import { type Backend, BACKENDS, type Replica } from './replica.ts';

describe.each(BACKENDS)('%s', (_, start) => {
  let backend: Backend;
  let one: Replica;
  let other: Replica;
  beforeAll(async () => {
    backend = await start();
    [one, other] = [await backend.replica(), await backend.replica()];
  });
  afterAll(async () => {
    await one?.close();
    await other?.close();
    await backend?.stop();
  });

  describe('rate limits', () => {
    test('so many calls a minute are let through, whichever replica they come to', async () => {
      const takes = [];
      for (let n = 0; n < 12; n++) takes.push(await (n % 2 ? one : other).rateLimits.take('work', 'acme', 10));
      expect(takes.filter(({ ok }) => ok)).toHaveLength(10);
      expect(takes.slice(10)).toEqual([refused, refused]);
    });

    test('calls that come together are counted each', async () => {
      const replicas = [one, other];
      const takes = await Promise.all(
        Array.from({ length: 200 }, (_, n) => replicas[n % 2]!.rateLimits.take('work', 'together', 50)),
      );
      expect(takes.filter(({ ok }) => ok)).toHaveLength(50);
    });

    test('owners and limits have a bucket each, and a call may cost more than one', async () => {
      expect(await one.rateLimits.take('exports', 'globex', 10, 7)).toEqual({ ok: true });
      expect(await other.rateLimits.take('exports', 'globex', 10, 7)).toEqual(refused);
      expect(await other.rateLimits.take('exports', 'initech', 10, 7)).toEqual({ ok: true });
      expect(await other.rateLimits.take('admin', 'globex', 10, 7)).toEqual({ ok: true });
    });
  });

  describe('token buckets', () => {
    const limit = { perSecond: 2, burst: 3 };

    test('a burst is let through at once, then so many a second, over all replicas', async () => {
      const began = performance.now();
      expect(await one.tokenBuckets.take('burst', limit)).toBe(0);
      expect(await other.tokenBuckets.take('burst', limit)).toBe(0);
      expect(await one.tokenBuckets.take('burst', limit)).toBe(0);
      const wait = await other.tokenBuckets.take('burst', limit);
      expect(wait).toBeGreaterThan(0);
      expect(wait).toBeLessThanOrEqual(500);
      await until('there is a token again', async () => (await one.tokenBuckets.take('burst', limit)) === 0);
      expect(performance.now() - began).toBeGreaterThan(450);
    });

    test('who comes back after the time that was said finds a token', async () => {
      const slow = { perSecond: 5, burst: 1 };
      expect(await one.tokenBuckets.take('come back', slow)).toBe(0);
      await delay((await one.tokenBuckets.take('come back', slow)) + 5);
      expect(await one.tokenBuckets.take('come back', slow)).toBe(0);
    });

    test('many at once get no more than there is', async () => {
      const never = { perSecond: 0.001, burst: 20 };
      const waits = await Promise.all(
        Array.from({ length: 100 }, (_, n) => (n % 2 ? one : other).tokenBuckets.take('many', never)),
      );
      expect(waits.filter((wait) => wait === 0)).toHaveLength(20);
      expect(Math.max(...waits)).toBeLessThanOrEqual(1_000_000);
      expect(Math.min(...waits.filter((wait) => wait > 0))).toBeGreaterThan(900_000);
    });

    test('a hold counts for everybody and never gets shorter', async () => {
      expect(await other.tokenBuckets.heldFor('held')).toBe(0);
      await one.tokenBuckets.hold('held', Date.now() + 60_000);
      await other.tokenBuckets.hold('held', Date.now() + 1_000);
      for (const replica of [one, other]) {
        expect(await replica.tokenBuckets.heldFor('held')).toBeGreaterThan(50_000);
        expect(await replica.tokenBuckets.heldFor('held')).toBeLessThanOrEqual(60_000);
      }
      await until('the other replica has let its own go', async () => {
        const wait = await other.tokenBuckets.take('held', limit);
        return wait > 50_000 && wait <= 60_000;
      });
      expect(await one.tokenBuckets.take('another', limit)).toBe(0);
    });

    test('a hold that is over lets through', async () => {
      await one.tokenBuckets.hold('short', Date.now() + 300);
      expect(await other.tokenBuckets.take('short', limit)).toBeGreaterThan(0);
      await until('it is over', async () => (await other.tokenBuckets.take('short', limit)) === 0);
      expect(await one.tokenBuckets.heldFor('short')).toBe(0);
      await one.tokenBuckets.hold('past', Date.now() - 1);
      expect(await other.tokenBuckets.heldFor('past')).toBe(0);
    });
  });

  describe('notices', () => {
    const notice = { tenantId: 'acme' };

    test('reach every replica, each once', async () => {
      const [here, there] = [jest.fn(), jest.fn()];
      const ends = [
        one.notices.subscribe('credentials.revoked', here),
        ...(other === one ? [] : [other.notices.subscribe('credentials.revoked', there)]),
      ];
      one.notices.publish('credentials.revoked', notice);
      // At once, without a detour.
      expect(here).toHaveBeenCalledTimes(1);
      if (other !== one) await until('it reaches the other', () => there.mock.calls.length > 0);
      // Whatever would come twice would have come before what is sent after it.
      other.notices.publish('credentials.revoked', { tenantId: 'last' });
      await until('the last one is here', () => here.mock.calls.length > 1);
      expect(here.mock.calls).toEqual([[notice], [{ tenantId: 'last' }]]);
      if (other !== one) expect(there.mock.calls).toEqual([[notice], [{ tenantId: 'last' }]]);
      for (const end of ends) end();
      one.notices.publish('credentials.revoked', notice);
      expect(here).toHaveBeenCalledTimes(2);
    });

    test('come by topic', async () => {
      const heard: unknown[] = [];
      const ends = [
        other.notices.subscribe('policy.changed', (its) => heard.push(its)),
        other.notices.subscribe('person.events', (its) => heard.push(its)),
      ];
      one.notices.publish('policy.changed', { tenantId: 'acme', revision: 7 });
      one.notices.publish('directory.changed', { tenantId: 'acme' });
      one.notices.publish('person.events', { tenantId: 'acme', userId: 'alice' });
      await until('both are there', () => heard.length === 2);
      expect(heard).toEqual([
        { tenantId: 'acme', revision: 7 },
        { tenantId: 'acme', userId: 'alice' },
      ]);
      for (const end of ends) end();
    });
  });
});

const refused = { ok: false, retryAfterSeconds: expect.any(Number) };
