import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { FaultyHttp } from '../harness/faulty-http.ts';
import { type Answer, startTestGateway, type TestGateway } from '../harness/gateway.ts';
import { until } from '../harness/until.ts';

const TIMEOUT_MS = 400;

let gateway: TestGateway;
let between: FaultyHttp;
beforeAll(async () => {
  gateway = await startTestGateway({
    env: { OPA_TIMEOUT_MS: String(TIMEOUT_MS) },
    wrapOpa: async (url) => {
      between = await FaultyHttp.before(url);
      between.concerns = (path) => path.startsWith('/v1/data');
      return between.url;
    },
  });
});
afterAll(async () => {
  await gateway?.stop();
  await between?.stop();
});
afterEach(async () => {
  between.fault = undefined;
  await until('evaluations work again by themselves', async () => (await ask()).body.decision === 'allow');
});

/** An action that policy allows, so that an allow would be noticed. */
const ask = () => gateway.call('alice@acme.test', 'POST', '/api/v1/policy/evaluate', { action: 'email_read' });

async function expectDenied(answer: Answer): Promise<void> {
  expect(answer.status).toBe(200);
  expect(answer.body).toMatchObject({
    decision: 'deny',
    allow: false,
    autonomy: 'block',
    reason: 'policy_engine_unreachable',
  });
  const entry = await gateway.call('alice@acme.test', 'GET', `/api/v1/audit/${answer.body.decisionId}`);
  expect(entry.body).toMatchObject({
    policyResult: 'deny',
    outcome: 'denied',
    policyReason: 'policy_engine_unreachable',
  });
  const why = await gateway.call('alice@acme.test', 'GET', `/api/v1/policy/decisions/${answer.body.decisionId}`);
  expect(why.body.explanation.summary).toContain('policy engine');
}

function say(text: string, status = 200) {
  return (_request: unknown, response: ServerResponse) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(text);
}

const reference = JSON.stringify(['enterprise', 'acme', ['p', 'P', '1.0.0']]);
/** An allow as the base Rego says it, so that each case below has one thing wrong. */
const allow = {
  autonomy: 0,
  classification: 'internal',
  disclosure: false,
  revision: 1,
  audit: {},
  domains: [['actions', 0, [[reference, 0, 'autonomous']], {}]],
};
const domains = (...accounts: unknown[]) => results({ ...allow, domains: accounts });
const results = (...result: unknown[]) => say(JSON.stringify({ result }));

test('the answer that the cases below spoil is taken when nothing is wrong with it', async () => {
  between.fault = results(allow);
  expect((await ask()).body).toMatchObject({ decision: 'allow', revision: '1', policies: [{ id: 'p' }] });
});

describe('an engine that answers nonsense is a denial, audited and explained', () => {
  test.each<[string, FaultyHttp['fault']]>([
    ['an empty body', say('')],
    ['text', say('allow')],
    ['half a JSON document', say('{"result":[{"decision":"allow"')],
    ['no result', say('{}')],
    ['a bare true', say('{"result":true}')],
    ['an empty list', results()],
    ['a true in the list', results(true)],
    ['a decision in the words of another version', results({ decision: 'allow', allow: true, autonomy: 'autonomous' })],
    ['a decision without its parts', results({ autonomy: 0 })],
    ['a decision that contradicts itself', domains(['actions', 3, [[reference, 3, 'block']], {}])],
    ['a domain that contradicts its policies', domains(['actions', 0, [[reference, 3, 'block']], {}])],
    [
      'an allow beside a deny',
      domains(['actions', 0, [[reference, 0, 'autonomous']], {}], ['features', 3, [[reference, 3, 'off', 'x']], {}]),
    ],
    ['a domain in which nobody speaks', domains(['actions', 0, [], {}])],
    ['nothing about the action', domains(['features', 0, [[reference, 0, 'on', 'x']], {}])],
    ['no domain at all', domains()],
    [
      'an unknown domain',
      domains(['actions', 0, [[reference, 0, 'autonomous']], {}], ['taste', 0, [[null, 0, 'on']], {}]),
    ],
    ['an unknown reason', domains(['actions', 0, [[reference, 0, 'because']], {}])],
    ['a policy that is none', domains(['actions', 0, [['p', 0, 'autonomous']], {}])],
    ['no revision', results({ ...allow, revision: null })],
    ['an unknown classification', results({ ...allow, classification: 'secret' })],
    ['more decisions than questions', results(allow, allow)],
    ['an unknown decision', results({ ...allow, autonomy: 4 })],
    ['a decision as text', results({ ...allow, autonomy: '0' })],
    ['an error', say('{"code":"internal_error"}', 500)],
    ['a page of another server', say('<html>hello</html>', 200)],
    ['a redirect', say('', 302)],
    ['401', say('{}', 401)],
    ['a connection that breaks', (_request, response) => void response.destroy()],
    ['an answer that never ends', (_request, response) => void response.writeHead(200).write('{"result":[')],
  ])('%s', async (_what, fault) => {
    between.fault = fault;
    await expectDenied(await ask());
  });
});

describe('an engine that is away', () => {
  test('answering late: denied at the time limit, not allowed later', async () => {
    between.fault = (_request, response) => void setTimeout(() => results(allow)(_request, response), TIMEOUT_MS * 3);
    const started = performance.now();
    await expectDenied(await ask());
    expect(performance.now() - started).toBeLessThan(TIMEOUT_MS * 3);
  });

  test('killed: denied until it is back, and it comes back by itself with the same policies', async () => {
    const before = gateway.servers.opa!.pid;
    gateway.servers.opa!.kill('SIGKILL');
    await expectDenied(await ask());
    await until(
      'it is restarted',
      async () => gateway.servers.opa!.pid !== undefined && gateway.servers.opa!.pid !== before,
    );
    await until('it decides', async () => (await ask()).body.decision === 'allow');
    expect(
      (await gateway.call('alice@acme.test', 'POST', '/api/v1/policy/evaluate', { action: 'shell_exec' })).body
        .decision,
    ).toBe('deny');
  });

  test('stopped: denied, not ready, and both mend when it goes on', async () => {
    const pid = gateway.servers.opa!.pid!;
    process.kill(pid, 'SIGSTOP');
    try {
      await until('it stands still', () => /State:\s+T/.test(readFileSync(`/proc/${pid}/status`, 'utf8')));
      const answers = await Promise.all(Array.from({ length: 20 }, ask));
      for (const answer of answers)
        expect(answer.body).toMatchObject({ decision: 'deny', reason: 'policy_engine_unreachable' });
      expect((await gateway.call(null, 'GET', '/readyz')).status).toBe(503);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await until('it is ready again', async () => (await gateway.call(null, 'GET', '/readyz')).status === 200);
  });

  test('a stranger cannot ask or change OPA without its token', async () => {
    const { url } = gateway.servers.opa!;
    for (const [method, path] of [
      ['GET', '/v1/data'],
      ['POST', '/v1/data/openclaw/main/batch'],
      ['PUT', '/v1/policies/evil'],
      ['PUT', '/v1/data/openclaw'],
      ['GET', '/v1/policies'],
    ] as const) {
      const answer = await fetch(`${url}${path}`, { method, ...(method === 'GET' ? {} : { body: '{}' }) });
      expect(answer.status).toBeGreaterThanOrEqual(400);
    }
  });

  test('a stranger cannot read bundles or report a status', async () => {
    expect((await gateway.call(null, 'GET', '/opa/v1/bundles/base.tar.gz')).status).toBe(401);
    expect((await gateway.call('admin@acme.test', 'GET', '/opa/v1/bundles/tenant-acme.tar.gz')).status).toBe(401);
    expect((await gateway.call(null, 'POST', '/opa/v1/status', { bundles: {} })).status).toBe(401);
  });
});
