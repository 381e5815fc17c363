import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestGateway, type TestGateway } from '../harness/gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway?.stop());

describe('POST /policy/evaluate', () => {
  test.each([
    ['email_read', 'allow', 'autonomous'],
    ['calendar_create_event', 'allow', 'notify'],
    ['email_send', 'require_approval', 'approve'],
    ['shell_exec', 'deny', 'block'],
  ])('%s is answered with %s', async (action, decision, autonomy) => {
    const { status, body } = await gateway.call('alice@acme.test', 'POST', '/api/v1/policy/evaluate', { action });
    expect(status).toBe(200);
    expect(body).toMatchObject({ decision, autonomy, allow: decision === 'allow' });
  });
});
