import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startJiraEmulator, type JiraEmulator } from './index.ts';

let jira: JiraEmulator;
beforeEach(async () => {
  jira = await startJiraEmulator({ now: () => Date.parse('2026-11-25T10:00:00Z') });
  jira.addUser('ana@acme.test', { timeZone: 'Asia/Tokyo' });
  jira.addToken('t-ana', 'ana@acme.test');
});
afterEach(() => jira.close());

const ask = async (path: string, authorization = 'Bearer t-ana', init: RequestInit = {}) => {
  const response = await fetch(`${jira.url}/rest/api/3${path}`, { ...init, headers: { authorization } });
  const text = await response.text();
  return { status: response.status, body: text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : text };
};
const keys = async (jql: string) => {
  const { body } = await ask(`/search/jql?fields=key&jql=${encodeURIComponent(jql)}`);
  return (body as { issues: { key: string }[] }).issues?.map(({ key }) => key) ?? body;
};

describe('the emulated Jira', () => {
  it('takes Bearer, and Basic only with the address that goes with the token', async () => {
    const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
    expect((await ask('/myself', basic('ana@acme.test:t-ana'))).status).toBe(200);
    expect((await ask('/myself', basic('bo@acme.test:t-ana'))).status).toBe(401);
    expect((await ask('/myself', 'Bearer other')).status).toBe(401);
  });

  it('reads times in queries in the zone of whoever asks', async () => {
    jira.addIssue('PLAT');
    expect(await keys('project = PLAT AND updated >= "2026-11-25 19:00"')).toEqual(['PLAT-1']);
    expect(await keys('project = PLAT AND updated >= "2026-11-25 19:01"')).toEqual([]);
  });

  it('knows OR, NOT, lists, EMPTY and order', async () => {
    for (const assignee of ['ana@acme.test', null, 'bo@acme.test']) jira.addIssue('PLAT', { assignee });
    jira.addIssue('OPS');
    expect(await keys('project in (PLAT, OPS) AND NOT (assignee = currentUser() OR assignee IS EMPTY)')).toEqual([
      'PLAT-3',
    ]);
    expect(await keys('project = PLAT ORDER BY key DESC')).toEqual(['PLAT-3', 'PLAT-2', 'PLAT-1']);
    expect(await keys('key in (PLAT-1, "OPS-1")')).toEqual(['OPS-1', 'PLAT-1']);
  });

  it('refuses as Jira does', async () => {
    const refused = async (jql: string) => (await ask(`/search/jql?jql=${encodeURIComponent(jql)}`)).body;
    expect(await refused('key = PLAT-9')).toMatchObject({
      errorMessages: [expect.stringContaining("'PLAT-9' does not exist")],
    });
    expect(await refused('ORDER BY key')).toMatchObject({ errorMessages: [expect.stringContaining('Unbounded')] });
    expect(await refused('project = (')).toMatchObject({ errorMessages: [expect.stringContaining('JQL')] });
    expect((await ask('/issue/PLAT-9')).status).toBe(404);
  });

  it('signs what it tells a webhook', async () => {
    jira.addIssue('PLAT');
    const told: { signature: unknown; body: string }[] = [];
    const hook = createServer((request, response) => {
      let body = '';
      request.on('data', (part: Buffer) => (body += part.toString()));
      request.on('end', () => {
        told.push({ signature: request.headers['x-hub-signature'], body });
        response.writeHead(204).end();
      });
    });
    await new Promise<void>((ready) => hook.listen(0, '127.0.0.1', ready));
    jira.addWebhook(`http://127.0.0.1:${(hook.address() as AddressInfo).port}/`, 'secret');
    expect(await jira.notify('PLAT-1', 'jira:issue_updated')).toEqual([204]);
    hook.closeAllConnections();
    await new Promise((closed) => hook.close(closed));
    const [{ signature, body }] = told as [(typeof told)[0]];
    expect(signature).toBe(`sha256=${createHmac('sha256', 'secret').update(body).digest('hex')}`);
    expect(JSON.parse(body)).toMatchObject({ webhookEvent: 'jira:issue_updated', issue: { key: 'PLAT-1' } });
  });
});
