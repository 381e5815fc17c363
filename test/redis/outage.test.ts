import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { RedisCluster, RedisServer } from '../harness/redis.ts';
import { until } from '../harness/until.ts';
import { redisReplica, type RedisReplica, replicaOf, TIMEOUT_MS } from './replica.ts';

/** A call may wait for Redis for TIMEOUT_MS; the rest is for a machine that is busy. */
const LONGEST_MS = TIMEOUT_MS + 1_500;

const open: RedisReplica[] = [];
async function replica(url: string): Promise<RedisReplica> {
  const made = await redisReplica(url);
  open.push(made);
  return made;
}
afterEach(async () => {
  for (const made of open.splice(0)) await made.close();
});

let owners = 0;
/** Takes as many as go, at most `most`; every call has to answer in time. */
async function takeAll(replicas: readonly RedisReplica[], perMinute: number, owner = `owner-${++owners}`, most = 50) {
  let through = 0;
  for (let n = 0; n < most; n++) {
    const began = performance.now();
    const { ok } = await replicas[n % replicas.length]!.rateLimits.take('work', owner, perMinute);
    expect(performance.now() - began).toBeLessThan(LONGEST_MS);
    if (ok) through++;
  }
  return through;
}

/** That a notice of one reaches the other; notices are best effort, so it is told until it is heard. */
async function notifies(from: RedisReplica, to: RedisReplica): Promise<void> {
  const heard = jest.fn();
  const end = to.notices.subscribe('directory.changed', heard);
  await until('the notice is heard', () => {
    from.notices.publish('directory.changed', { tenantId: 'acme' });
    return heard.mock.calls.length > 0;
  });
  end();
}

/** What the page tells people to give the user. */
async function documentedRights(): Promise<string[]> {
  const page = await readFile(join(import.meta.dirname, '..', '..', 'docs', 'redis.md'), 'utf8');
  return /The user needs `([^`]+)`/.exec(page)![1]!.split(/\s+/);
}

describe('a Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server?.stop());
  beforeEach(() => server.restart());

  test('that is killed in the middle: calls go on in time under the limits of each replica, and after its start the shared ones hold again', async () => {
    const both = [await replica(server.url), await replica(server.url)];
    const [one, other] = both as [RedisReplica, RedisReplica];
    expect(await takeAll(both, 10)).toBe(10);

    const calls = Array.from({ length: 200 }, async (_, n) => {
      const began = performance.now();
      await both[n % 2]!.rateLimits.take('work', 'middle', 1_000);
      await both[n % 2]!.tokenBuckets.take('middle', { perSecond: 100, burst: 1_000 });
      return performance.now() - began;
    });
    await server.kill();
    expect(Math.max(...(await Promise.all(calls)))).toBeLessThan(2 * LONGEST_MS);

    await until('both know', () => both.every(({ connection }) => !connection.connected));
    expect(one.connection.problem).toMatch(/ECONNREFUSED|ECONNRESET|EPIPE|closed|ended|not connected/);
    expect(one.lines.at(-1)).toMatch(/is away \(.+\): until it is back, limits count for this replica alone/);
    expect(await takeAll(both, 10)).toBe(20);
    const limit = { perSecond: 0.001, burst: 2 };
    expect(await one.tokenBuckets.take('away', limit)).toBe(0);
    expect(await one.tokenBuckets.take('away', limit)).toBe(0);
    expect(await one.tokenBuckets.take('away', limit)).toBeGreaterThan(0);
    await one.tokenBuckets.hold('told while away', Date.now() + 60_000);
    const here = jest.fn();
    one.notices.subscribe('policy.changed', here);
    one.notices.publish('policy.changed', { tenantId: 'acme', revision: 1 });
    expect(here).toHaveBeenCalledTimes(1);

    await server.restart();
    await until('both are back', () => both.every(({ connection }) => connection.connected));
    expect(await takeAll(both, 10)).toBe(10);
    expect(one.lines.at(-1)).toMatch(/is back/);
    expect(await one.tokenBuckets.heldFor('told while away')).toBeGreaterThan(50_000);
    expect(await other.tokenBuckets.take('away', limit)).toBe(0);
    await notifies(one, other);
    await notifies(other, one);
  });

  test('that hangs is not waited for, and is asked again once it goes on', async () => {
    const both = [await replica(server.url), await replica(server.url)];
    const [one, other] = both as [RedisReplica, RedisReplica];
    server.signal('SIGSTOP');
    try {
      expect(await takeAll([one], 10)).toBe(10);
      await until('it is known', () => !one.connection.connected && !other.connection.connected);
      expect(await takeAll(both, 10)).toBe(20);
    } finally {
      server.signal('SIGCONT');
    }
    await until('both are back', () => both.every(({ connection }) => connection.connected));
    expect(await takeAll(both, 10)).toBe(10);
    await notifies(one, other);
  });

  test('that takes no writes is as good as away, and says why', async () => {
    const one = await replica(server.url);
    await server.ask('CONFIG', 'SET', 'maxmemory', '1');
    try {
      await until('it is known', () => !one.connection.connected);
      expect(one.connection.problem).toMatch(/OOM/);
      expect(await takeAll([one], 10)).toBe(10);
    } finally {
      await server.ask('CONFIG', 'SET', 'maxmemory', '0');
    }
    await until('it is back', () => one.connection.connected);
  });

  test('needs no more rights than the documentation says', async () => {
    const rights = await documentedRights();
    await server.ask('ACL', 'SETUSER', 'oce', 'reset', 'on', '>secret', ...rights);
    const [one, other] = [server.url, server.url].map((url) => replicaOf(url.replace('//', '//oce:secret@')));
    open.push(one!, other!);
    await until('both are connected', () =>
      [one!, other!].every((its) => its.connection.connected && its.notices.hears),
    );
    expect(await takeAll([one!, other!], 10)).toBe(10);
    await one!.tokenBuckets.hold('rights', Date.now() + 60_000);
    expect(await other!.tokenBuckets.take('rights', { perSecond: 1, burst: 1 })).toBeGreaterThan(50_000);
    await notifies(one!, other!);
  });

  test('keeps no key for ever', async () => {
    const one = await replica(server.url);
    await one.rateLimits.take('work', 'keys', 10, 20);
    await one.tokenBuckets.take('keys/a', { perSecond: 1, burst: 1 });
    await one.tokenBuckets.hold('keys/b', Date.now() + 5_000);
    await one.tokenBuckets.hold('keys/a', Date.now() + 5_000);
    const keys = (await server.ask('KEYS', '*')) as string[];
    expect(keys).toEqual(expect.arrayContaining(['openclaw:bucket:{keys/a}', 'openclaw:bucket:{keys/b}']));
    for (const key of keys) {
      expect(key).toMatch(/^openclaw:/);
      expect(await server.ask('PTTL', key)).toBeGreaterThan(0);
    }
    expect(await server.ask('PTTL', 'openclaw:bucket:{keys/a}')).toBeGreaterThan(4_000);
  });

  test('what comes over the channel and is no notice is ignored, and some notices stay where they are', async () => {
    const [one, other] = [await replica(server.url), await replica(server.url)];
    const heard = jest.fn();
    for (const topic of ['policy.changed', 'work.changed', 'directory.changed'] as const)
      other.notices.subscribe(topic, heard);
    for (const text of [
      'nonsense',
      '[]',
      'null',
      '{"from":"x","topic":"error","notice":{}}',
      '{"from":"x","topic":"policy.changed","notice":{"tenantId":"acme"}}',
      '{"from":"x","topic":"policy.changed","notice":{"tenantId":"acme","revision":"1"}}',
      '{"topic":"directory.changed","notice":{"tenantId":"acme"}}',
      JSON.stringify({ from: 'x'.repeat(5_000), topic: 'directory.changed', notice: { tenantId: 'acme' } }),
      '{"from":"x","topic":"policy.changed","notice":{"tenantId":"acme","revision":1,"more":true}}',
    ]) {
      await server.ask('PUBLISH', 'openclaw:notices', text);
    }
    one.notices.publish('work.changed', { tenantId: 'acme', userId: 'alice' });
    one.notices.publish('directory.changed', { tenantId: 'last' });
    await until('the last one is there', () => heard.mock.calls.length >= 2);
    expect(heard.mock.calls).toEqual([[{ tenantId: 'acme', revision: 1 }], [{ tenantId: 'last' }]]);
  });
});

test('a Redis that comes later than the replica, and one with a password', async () => {
  const server = await RedisServer.start({ password: 'p@ss,word' });
  const at = server.url.slice('redis://'.length);
  try {
    await server.kill();
    const late = replicaOf(`redis://:p%40ss%2Cword@${at}`);
    open.push(late);
    expect(await takeAll([late], 10)).toBe(10);
    await server.restart();
    await until('it is connected', () => late.connection.connected && late.notices.hears);

    const wrong = replicaOf(`redis://:another@${at}`);
    const without = replicaOf(server.url);
    open.push(wrong, without);
    await until('they say why', () => /WRONGPASS/.test(wrong.connection.problem ?? ''));
    await until('they say why', () => /NOAUTH/.test(without.connection.problem ?? ''));
    expect(await takeAll([wrong, without], 10)).toBe(20);
    expect(wrong.lines.join()).not.toContain('another');
  } finally {
    await server.stop();
  }
});

describe('a cluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await RedisCluster.start({ replicas: true });
  });
  afterAll(() => cluster?.stop());

  test('that loses a master goes on in time, and shares again once the replica has taken over', async () => {
    const both = [await replica(cluster.url), await replica(cluster.url)];
    const [one, other] = both as [RedisReplica, RedisReplica];
    // The master that has the notices, and an owner whose limit is there too.
    const lost = await cluster.masterOf('openclaw:notices');
    const theirs: string[] = [];
    for (let n = 0; theirs.length < 5; n++)
      if ((await cluster.masterOf(`openclaw:limit:work:tenant-${n}`)) === lost) theirs.push(`tenant-${n}`);
    expect(await takeAll(both, 10, theirs[0])).toBe(10);

    await lost.kill();
    const through = await takeAll(both, 10, theirs[1]);
    expect(through).toBeGreaterThanOrEqual(10);
    expect(through).toBeLessThanOrEqual(30);
    const left = [...cluster.masters, ...cluster.replicas].filter((node) => node !== lost);
    await until('a replica has taken over', () => cluster.serves(left));
    await until('both are back', () => both.every(({ connection }) => connection.connected));
    await until('the shared limit holds', async () => (await takeAll(both, 10)) === 10);
    await until('also for those of the lost master', async () => {
      const before = one.connection.localAnswers + other.connection.localAnswers;
      const shared = await takeAll(both, 10, `${theirs[2]}`);
      return shared <= 10 && one.connection.localAnswers + other.connection.localAnswers === before;
    });
    expect(await takeAll(both, 10, theirs[3])).toBe(10);
    await notifies(one, other);
    await notifies(other, one);

    // It comes back as a replica of the one that took over.
    await lost.restart();
    await until('all serve', () => cluster.serves());
    expect(await takeAll(both, 10, theirs[4])).toBe(10);
  });

  test('needs no more rights than the documentation says', async () => {
    const rights = await documentedRights();
    for (const node of [...cluster.masters, ...cluster.replicas])
      await node.ask('ACL', 'SETUSER', 'oce', 'reset', 'on', '>secret', ...rights);
    const url = cluster.url.replace('//', '//oce:secret@').replaceAll(',redis://', ',');
    const both = [await replica(url), await replica(url)];
    expect(await takeAll(both, 10)).toBe(10);
    expect(both.map(({ connection }) => connection.localAnswers)).toEqual([0, 0]);
    await notifies(both[0]!, both[1]!);
  });

  test('that is gone as a whole is waited for by nobody, and found again', async () => {
    const both = [await replica(cluster.url), await replica(cluster.url)];
    const nodes = [...cluster.masters, ...cluster.replicas];
    await Promise.all(nodes.map((node) => node.kill()));
    await until('both know', () => both.every(({ connection }) => !connection.connected));
    expect(await takeAll(both, 10)).toBe(20);
    await Promise.all(nodes.map((node) => node.restart()));
    await until('all slots are served', () => cluster.serves());
    await until('both are back', () => both.every(({ connection, notices }) => connection.connected && notices.hears));
    expect(await takeAll(both, 10)).toBe(10);
    await notifies(both[0]!, both[1]!);
  });
});
