import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Database } from '#libs/database';
import { PersonEvents } from '#libs/events';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { startReplica, startTestGateway, type Replica, type TestGateway } from '../harness/gateway.ts';
import { until } from '../harness/until.ts';
import { agentToken, LiveClient } from './client.ts';

let gateway: TestGateway;
const clients: LiveClient[] = [];
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.end()));
});
afterAll(() => gateway?.stop());

const connect = async (who: string, params?: Record<string, unknown>, to: Pick<TestGateway, 'url'> = gateway) => {
  const client = await LiveClient.connect({ url: to.url, token: gateway.token }, who, params);
  clients.push(client);
  return client;
};

/** Stores an event as the modules do. @returns its number */
async function tell(userId: string, payload: Record<string, unknown>, app: NestFastifyApplication = gateway.app) {
  const events = app.get(PersonEvents);
  const seq = await app
    .get(Database)
    .tenant('acme', (tx) => events.append(tx, { tenantId: 'acme', userId, event: 'briefing.ready', payload }));
  events.announce('acme', userId);
  return seq;
}

const upTo = (last: number, from = 1) => Array.from({ length: last - from + 1 }, (_, n) => from + n);

test('an event comes to every connection of its person, and to nobody else’s', async () => {
  const [one, two, other] = [
    await connect('bob@acme.test'),
    await connect('bob@acme.test'),
    await connect('alice@acme.test'),
  ];
  const seq = await tell('bob', { id: 'b1' });
  for (const client of [one, two]) {
    await until('it is there', () => client.events.length > 0);
    expect(client.events[0]).toMatchObject({ type: 'event', event: 'briefing.ready', seq, payload: { id: 'b1' } });
  }
  expect(other.events).toEqual([]);
});

test('who reconnects gets exactly what was missed, in order, while writers go on', async () => {
  const first = await connect('alice@acme.test');
  for (let n = 0; n < 5; n++) await tell('alice', { n });
  await until('five are there', () => first.seqs.length === 5);
  const seen = first.seqs.at(-1)!;
  await first.end();
  clients.length = 0;
  // More than two pages while nobody is there, and more while the replay is under way.
  for (let n = 0; n < 230; n += 10)
    await Promise.all(Array.from({ length: 10 }, (_, i) => tell('alice', { n: n + i })));
  const writing = (async () => {
    for (let n = 0; n < 60; n++) await tell('alice', { n });
  })();
  const again = await connect('alice@acme.test', { lastSeq: seen });
  const answer = again.frames[0]!;
  expect(answer.payload.replayFrom).toBe(seen + 1);
  await writing;
  const last = seen + 290;
  await until('all are there', () => again.seqs.at(-1) === last);
  expect(again.seqs).toEqual(upTo(last, seen + 1));
  expect(answer.payload.seq).toBeGreaterThanOrEqual(seen + 230);
});

test('who names no number gets what comes from now on', async () => {
  const before = await tell('carol', { n: 1 });
  const client = await connect('carol@acme.test');
  expect(client.frames[0]!.payload).toMatchObject({ seq: before, replayFrom: before + 1 });
  const seq = await tell('carol', { n: 2 });
  await until('it is there', () => client.seqs.length > 0);
  expect(client.seqs).toEqual([seq]);
});

test('the answer says where the replay begins when what was missed is kept no longer', async () => {
  for (let n = 0; n < 6; n++) await tell('tomas', { n });
  const { app } = gateway;
  await app
    .get(Database)
    .system((tx) =>
      tx.query(`UPDATE person_events SET at = now() - interval '4 days' WHERE user_id = 'tomas' AND seq < 4`),
    );
  await app.get(PersonEvents).forgetOld();
  const client = await connect('tomas@acme.test', { lastSeq: 1 });
  expect(client.frames[0]!.payload).toMatchObject({ seq: 6, replayFrom: 4 });
  await until('the rest is there', () => client.seqs.length === 3);
  expect(client.seqs).toEqual([4, 5, 6]);
});

test('a number that is not reached yet is taken for the newest', async () => {
  const client = await connect('olga@acme.test', { lastSeq: 1_000 });
  expect(client.frames[0]!.payload).toMatchObject({ seq: 0, replayFrom: 1 });
  await tell('olga', {});
  await until('it is there', () => client.seqs.length === 1);
});

test('a change of policy is told to everybody of the tenant, under the number of the last event', async () => {
  const seq = await tell('bob', {});
  const [bob, eve] = [await connect('bob@acme.test', { lastSeq: 0 }), await connect('eve@globex.test')];
  await until('the event is there', () => bob.seqs.at(-1) === seq);
  const { status } = await gateway.call('admin@acme.test', 'POST', '/api/v1/policies', {
    ...{ scope: 'enterprise', scopeId: 'acme', domain: 'actions', name: 'Told', version: '1.0.0', status: 'active' },
    ...{ content: 'actions:\n  told_of: block\n', changeReason: 'a test' },
  });
  expect(status).toBe(201);
  const { wanted } = (await gateway.call('admin@acme.test', 'GET', '/api/v1/policies/revision')).body;
  await until('it is told', () =>
    bob.events.some(({ event, payload }) => event === 'policy.revision' && payload.wanted === wanted),
  );
  expect(bob.events.at(-1)).toMatchObject({ event: 'policy.revision', seq, payload: { wanted } });
  expect(eve.events).toEqual([]);
});

describe('with two replicas on one database', () => {
  let other: Replica;
  beforeAll(async () => {
    other = await startReplica(gateway);
  });
  afterAll(() => other?.stop());

  test('events stored through one arrive at the connections of the other, in order', async () => {
    const client = await connect('bob@acme.test', {}, other);
    const from = client.frames[0]!.payload.seq + 1;
    const numbers = await Promise.all(
      Array.from({ length: 40 }, (_, n) => tell('bob', { n }, n % 2 ? gateway.app : other.app)),
    );
    await until('all are there', () => client.seqs.length === 40);
    expect(client.seqs).toEqual(upTo(Math.max(...numbers), from));
  });

  test('who moves from one to the other misses nothing', async () => {
    const first = await connect('bob@acme.test');
    const seen = await tell('bob', { n: 'seen' });
    await until('it is there', () => first.seqs.at(-1) === seen);
    await first.end();
    clients.length = 0;
    await tell('bob', { n: 'missed' });
    const second = await connect('bob@acme.test', { lastSeq: seen }, other);
    await until('it is there', () => second.seqs.length === 1);
    expect(second.events[0]!.payload).toEqual({ n: 'missed' });
  });

  test('a change of policy made at one is told by the other', async () => {
    const client = await connect('bob@acme.test', {}, other);
    await gateway.call('admin@acme.test', 'POST', '/api/v1/policies', {
      ...{ scope: 'enterprise', scopeId: 'acme', domain: 'actions', name: 'Afar', version: '1.0.0', status: 'active' },
      ...{ content: 'actions:\n  told_afar: block\n', changeReason: 'a test' },
    });
    await until('it is told', () => client.events.some(({ event }) => event === 'policy.revision'));
  });

  test('a token revoked at one closes the connections at the other', async () => {
    const { id, token } = await agentToken(gateway, ['bob']);
    const client = await connect(token, {}, other);
    await gateway.call('admin@acme.test', 'DELETE', `/api/v1/agent-tokens/${id}`);
    expect((await client.closed).code).toBe(4401);
  });
});
