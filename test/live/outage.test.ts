import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Database } from '#libs/database';
import { PersonEvents } from '#libs/events';
import { startTestGateway, type TestGateway } from '../harness/gateway.ts';
import { until } from '../harness/until.ts';
import { LiveClient } from './client.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ ownPostgres: true, env: { AUDIT_APPEND_TIMEOUT_MS: '1500' } });
});
afterAll(() => gateway?.stop());

test('connections outlive a database that is killed: what fails meanwhile says so, and no event is lost or doubled', async () => {
  const clients = await Promise.all(Array.from({ length: 10 }, () => LiveClient.connect(gateway, 'alice@acme.test')));
  const events = gateway.app.get(PersonEvents);
  const database = gateway.app.get(Database);
  const stored: number[] = [];
  let running = true;
  const writer = (async () => {
    while (running) {
      try {
        const told = { tenantId: 'acme', userId: 'alice', event: 'session.message', payload: {} } as const;
        stored.push(await database.tenant('acme', (tx) => events.append(tx, told)));
        // Now and then the notice is lost, as one of another replica can be.
        if (stored.length % 3) events.announce('acme', 'alice');
      } catch {
        // Whether it was stored is what the next number tells.
      }
    }
  })();
  const refused = new Set<string>();
  const askers = clients.map(async (client) => {
    while (running) {
      const { ok, error } = await client.request('policy.evaluate', { action: 'email_read' });
      if (!ok) refused.add(error.code);
    }
  });

  await until('events are stored', () => stored.length > 100, 60_000);
  gateway.servers.postgres!.kill('SIGKILL');
  const after = stored.length + 100;
  await until('events are stored again', () => stored.length > after, 60_000);
  running = false;
  await Promise.all([writer, ...askers]);

  const last = await events.last('acme', 'alice');
  for (const client of clients) {
    await until('all are there', () => client.seqs.at(-1) === last);
    expect(client.seqs).toEqual(Array.from({ length: last }, (_, n) => n + 1));
    await client.end();
  }
  expect(['database_unavailable', 'audit_unavailable', 'rate_limited', 'overloaded']).toEqual(
    expect.arrayContaining([...refused]),
  );
}, 240_000);
