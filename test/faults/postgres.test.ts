import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { startTestGateway, type TestGateway } from '../harness/gateway.ts';
import { until } from '../harness/until.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ ownPostgres: true, env: { AUDIT_APPEND_TIMEOUT_MS: '1500' } });
});
afterAll(() => gateway?.stop());

const CALLERS = 40;
const KILLS = 3;

test('PostgreSQL killed under load: nothing acknowledged is missing, nothing is doubled, callers get a clear 503, and it recovers by itself', async () => {
  const token = await gateway.token('alice@acme.test');
  const acknowledged = new Set<string>();
  const refused = new Map<string, number>();
  const odd: unknown[] = [];
  let n = 0;
  let running = true;

  const post = async (marker: string): Promise<void> => {
    const entry = { actionType: 'tool_invocation', actionDetail: { marker }, outcome: 'success' };
    const answer = await gateway.call(token, 'POST', '/api/v1/audit', entry);
    if (answer.status === 201) acknowledged.add(marker);
    else if (answer.status === 503 && Number(answer.headers.get('retry-after')) >= 1) {
      refused.set(answer.body.code, (refused.get(answer.body.code) ?? 0) + 1);
    } else odd.push([answer.status, answer.body]);
  };
  const evaluate = async (): Promise<void> => {
    const answer = await gateway.call(token, 'POST', '/api/v1/policy/evaluate', { action: 'email_read' });
    // A decision leaves only when it is recorded, so it is in the log by the id that it carries.
    if (answer.status === 200) acknowledged.add(answer.body.decisionId);
    else if (answer.status !== 503) odd.push([answer.status, answer.body]);
  };
  const callers = Array.from({ length: CALLERS }, async (_, i) => {
    while (running) await (i % 4 === 0 ? evaluate() : post(`marker-${n++}`));
  });

  for (let kill = 0; kill < KILLS; kill++) {
    const enough = acknowledged.size + 300;
    await until('calls succeed again', () => acknowledged.size > enough, 30_000);
    gateway.servers.postgres!.kill('SIGKILL');
    if (kill === 0) expect((await gateway.call(null, 'GET', '/livez')).status).toBe(200);
  }
  const after = acknowledged.size + 300;
  await until('calls succeed after the last kill', () => acknowledged.size > after, 30_000);
  running = false;
  await Promise.all(callers);
  await until('the gateway is ready', async () => (await gateway.call(null, 'GET', '/readyz')).status === 200);

  expect(odd).toEqual([]);
  const client = new pg.Client(gateway.database.adminUrl);
  await client.connect();
  const { rows } = await client.query<{ id: string; marker: string | null }>(
    `SELECT id, action_detail->>'marker' AS marker FROM audit_entries WHERE tenant_id = 'acme'`,
  );
  await client.end();
  const markers = rows.flatMap((row) => row.marker ?? []);
  const found = new Set([...markers, ...rows.map((row) => row.id)]);
  expect([...acknowledged].filter((one) => !found.has(one))).toEqual([]);
  expect(markers.length).toBe(new Set(markers).size);
  const { body } = await gateway.call('admin@acme.test', 'GET', '/api/v1/audit/completeness');
  expect(body.gaps).toEqual([]);
}, 120_000);
