import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createDataSource, Database, migrate } from '#libs/database';
import { Jobs, type JobsOptions } from '#libs/jobs';
import { freshDatabase, type TestDatabase } from '../harness/database.ts';
import { until } from '../harness/until.ts';

let server: TestDatabase;
let database: Database;
const running: Jobs[] = [];

beforeAll(async () => {
  server = await freshDatabase();
  const source = createDataSource({ url: server.appUrl, poolSize: 4, statementTimeoutMs: 5_000, name: 'jobs-test' });
  await source.initialize();
  database = new Database(source);
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((jobs) => jobs.stop()));
});
afterAll(async () => {
  await database?.source.destroy();
  await server?.drop();
});

async function start(options: Partial<JobsOptions> = {}): Promise<Jobs> {
  const jobs = new Jobs({ url: server.appUrl, name: 'jobs', poolSize: 2, pollMs: 500, graceMs: 5_000, ...options });
  running.push(await jobs.start());
  return jobs;
}

test('the migration step may run again', async () => {
  await expect(migrate(server.ownerUrl)).resolves.toEqual([]);
});

describe('a job', () => {
  test('is there if the transaction commits, and not if it does not', async () => {
    const jobs = await start();
    const seen: number[] = [];
    await jobs.declare('tx');
    await database.system((tx) => jobs.send(tx, 'tx', { n: 1 }));
    await expect(
      database.system(async (tx) => {
        await jobs.send(tx, 'tx', { n: 2 });
        throw new Error('rolled back');
      }),
    ).rejects.toThrow('rolled back');
    await database.system((tx) => jobs.sendAll(tx, 'tx', [{ data: { n: 3 } }, { data: { n: 4 } }]));
    await jobs.work<{ n: number }>('tx', async ({ data }) => void seen.push(data.n));
    await until('three have run', () => seen.length >= 3);
    expect(seen.sort()).toEqual([1, 3, 4]);
  });

  test('starts at once in a process that is told', async () => {
    const jobs = await start({ pollMs: 60_000 });
    let ran = 0;
    await jobs.work('nudged', async () => void ran++, { concurrency: 2 });
    await new Promise((resume) => setTimeout(resume, 300)); // the first look of each worker
    const began = performance.now();
    await database.system((tx) =>
      jobs.sendAll(
        tx,
        'nudged',
        Array.from({ length: 50 }, () => ({ data: {} })),
      ),
    );
    jobs.notify('nudged');
    await until('all have run', () => ran === 50);
    expect(performance.now() - began).toBeLessThan(50_000); // before anybody looks by themselves
  });

  test('runs once, however many processes have a hand free', async () => {
    const ran = new Map<number, number>();
    const processes = await Promise.all([start(), start(), start()]);
    for (const jobs of processes) {
      await jobs.work<{ n: number }>('shared', async ({ data }) => void ran.set(data.n, (ran.get(data.n) ?? 0) + 1), {
        concurrency: 3,
      });
    }
    await database.system((tx) =>
      processes[0]!.sendAll(
        tx,
        'shared',
        Array.from({ length: 100 }, (_, n) => ({ data: { n } })),
      ),
    );
    await until('all have run', () => ran.size === 100);
    expect([...ran.values()].every((times) => times === 1)).toBe(true);
  });

  test('that waits already is not stored twice under the same key', async () => {
    const jobs = await start();
    await jobs.declare('once', { once: 'queued' });
    const send = (singletonKey: string) =>
      database.system((tx) => jobs.send(tx, 'once', {}, { singletonKey, startAfter: 60 }));
    expect([await send('a'), await send('a'), await send('b')]).toEqual([expect.any(String), null, expect.any(String)]);
  });

  test('that fails for good becomes a dead letter, and can be given another life', async () => {
    const jobs = await start();
    let tries = 0;
    const options = { retryLimit: 1, retryDelaySeconds: 1 };
    await jobs.work(
      'fails',
      async () => {
        if (++tries <= 2) throw new Error('no luck');
      },
      options,
    );
    await database.system((tx) => jobs.send(tx, 'fails', { a: 1 }));
    const [dead] = await until('it is dead', async () => {
      const found = await jobs.dead('fails');
      return found.length > 0 ? found : undefined;
    });
    expect([tries, dead?.data]).toEqual([2, { a: 1 }]);
    expect(await jobs.redrive('fails')).toBe(1);
    await until('it has run again', () => tries === 3);
  });
});

test('a process that stops lets the job at work end', async () => {
  const jobs = await start();
  let ended = false;
  let began = false;
  await jobs.work('slow', async () => {
    began = true;
    await new Promise((resume) => setTimeout(resume, 700));
    ended = true;
  });
  await database.system((tx) => jobs.send(tx, 'slow', {}));
  await until('it has begun', () => began);
  await jobs.stop();
  expect(ended).toBe(true);
});
