import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Coordination, Notices } from '#libs/redis';
import { MetricsServer } from '#libs/telemetry';
import { SchedulerRegistry } from '@nestjs/schedule';
import { startTestGateway, type TestGateway } from '../harness/gateway.ts';
import { RedisServer } from '../harness/redis.ts';
import { until } from '../harness/until.ts';

const ADMIN = 'admin@acme.test';
const EXPORTS = 4;

let redis: RedisServer;
let one: TestGateway;
let other: TestGateway;
beforeAll(async () => {
  redis = await RedisServer.start();
  // A busy machine may answer late; what is tested here is not how fast.
  const env = { REDIS_URL: redis.url, REDIS_TIMEOUT_MS: '5000', RATE_LIMIT_EXPORTS: String(EXPORTS) };
  one = await startTestGateway({ env });
  other = await startTestGateway({ env, beside: one });
  await until('they hear each other', () => problems().every((problem) => problem === undefined));
});
afterAll(async () => {
  await other?.stop();
  await one?.stop();
  await redis?.stop();
});

const problems = () => [one, other].map(({ app }) => app.get(Coordination).problem);
const redisOf = async (gateway: TestGateway) =>
  (await gateway.call(ADMIN, 'GET', '/api/v1/status')).body.components.redis;

test('a token that one revokes is noticed by the other at once', async () => {
  const agent = { name: 'assistant', userIds: ['alice'] };
  const { body } = await one.call(ADMIN, 'POST', '/api/v1/agent-tokens', agent);
  const asks = () => other.call(body.token, 'POST', '/api/v1/policy/evaluate', { action: 'email_send' });
  expect((await asks()).status).toBe(200);

  // Nobody but the notice can have told: the other does not look at the table any more.
  const scheduler = other.app.get(SchedulerRegistry);
  for (const name of scheduler.getIntervals()) scheduler.deleteInterval(name);
  const noticed = new Promise((resolve) => other.app.get(Notices).subscribe('credentials.revoked', resolve));
  expect((await one.call(ADMIN, 'DELETE', `/api/v1/agent-tokens/${body.id}`)).status).toBe(204);
  expect(await noticed).toEqual({ tenantId: 'acme' });
  expect((await asks()).status).toBe(401);
});

test('a rate limit counts over both', async () => {
  const statuses: number[] = [];
  for (let n = 0; n < EXPORTS + 2; n++) {
    const { status } = await (n % 2 ? one : other).call(ADMIN, 'GET', '/api/v1/audit/export');
    statuses.push(status);
  }
  expect(statuses).toEqual([...Array.from({ length: EXPORTS }, () => 200), 429, 429]);
});

test('the status says so where Redis is away; the replicas stay ready', async () => {
  const metrics = async () => {
    const { port } = one.app.get(MetricsServer);
    return (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  };
  expect(await redisOf(one)).toEqual({ status: 'up' });
  expect(await metrics()).toMatch(/^redis_connected 1$/m);
  await redis.kill();
  await until('it is known', () => problems().every((problem) => problem !== undefined));
  expect(await redisOf(one)).toEqual({ status: 'down', message: expect.any(String) });
  expect(await metrics()).toMatch(/^redis_connected 0$/m);
  expect((await one.call(null, 'GET', '/readyz')).status).toBe(200);
  await redis.restart();
  await until('both are back', () => problems().every((problem) => problem === undefined));
  expect(await redisOf(one)).toEqual({ status: 'up' });
  expect(await metrics()).toMatch(/^redis_connected 1$/m);
});
