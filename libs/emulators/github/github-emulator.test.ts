import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startGithubEmulator, type GithubEmulator } from './index.ts';

let github: GithubEmulator;
let now: number;
beforeEach(async () => {
  now = Date.parse('2026-11-25T10:00:00Z');
  github = await startGithubEmulator({ now: () => now, hourlyLimit: 10 });
  github.addUser('ana@acme.test', { login: 'ana' });
  github.addToken('t-ana', 'ana@acme.test');
});
afterEach(() => github.close());

const ask = (path: string, headers: Record<string, string> = {}) =>
  fetch(`${github.url}${path}`, { headers: { authorization: 'Bearer t-ana', ...headers } });

describe('the emulated GitHub', () => {
  it('answers 304 to whoever has it already, which counts against no limit', async () => {
    github.openIssue('acme/gateway');
    const first = await ask('/repos/acme/gateway/issues/1');
    const again = await ask('/repos/acme/gateway/issues/1', { 'if-none-match': first.headers.get('etag')! });
    expect([again.status, again.headers.get('x-ratelimit-remaining')]).toEqual([304, '9']);
    await ask('/repos/acme/gateway/issues/1');
    expect((await ask('/repos/acme/gateway')).headers.get('x-ratelimit-remaining')).toBe('7');
  });

  it('answers 304 to a look at notifications since the last', async () => {
    github.openIssue('acme/gateway', { author: 'bo', body: '@ana' });
    const first = await ask('/notifications');
    expect(await first.json()).toMatchObject([{ reason: 'mention', unread: true }]);
    const since = { 'if-modified-since': first.headers.get('last-modified')! };
    expect((await ask('/notifications', since)).status).toBe(304);
  });

  it('refuses when the hour is used up, and not the hour after', async () => {
    for (let at = 0; at < 10; at += 1) await ask('/user');
    const refused = await ask('/user');
    expect([refused.status, refused.headers.get('x-ratelimit-remaining')]).toEqual([403, '0']);
    now += 3_600_001;
    expect((await ask('/user')).status).toBe(200);
  });

  it('leads through pages by the Link header', async () => {
    for (let at = 0; at < 5; at += 1) github.openIssue('acme/gateway', { author: 'ana' });
    const answer = await ask('/search/issues?q=is:issue+author:@me&per_page=2&page=2');
    expect(answer.headers.get('link')).toMatch(/page=1>; rel="prev", .*page=3>; rel="next", .*page=3>; rel="last"/);
    expect(await answer.json()).toMatchObject({ total_count: 5, items: [{}, {}] });
  });

  it('hides private repositories, and says where a moved one is', async () => {
    github.addRepository('acme/secret', { private: true, members: ['bo'] });
    expect((await ask('/repos/acme/secret')).status).toBe(404);
    github.openIssue('acme/gateway');
    github.state.transfer('acme/gateway', 'acme/portal');
    const moved = await fetch(`${github.url}/repos/acme/gateway/issues/1`, {
      redirect: 'manual',
      headers: { authorization: 'token t-ana' },
    });
    expect([moved.status, moved.headers.get('location')]).toEqual([301, `${github.url}/repos/acme/portal/issues/1`]);
  });

  it('signs what it tells a webhook', async () => {
    const told: { headers: NodeJS.Dict<string | string[]>; body: string }[] = [];
    const hook = createServer((request, response) => {
      let body = '';
      request.on('data', (part: Buffer) => (body += part.toString()));
      request.on('end', () => {
        told.push({ headers: request.headers, body });
        response.writeHead(204).end();
      });
    });
    await new Promise<void>((ready) => hook.listen(0, '127.0.0.1', ready));
    github.addWebhook(`http://127.0.0.1:${(hook.address() as AddressInfo).port}/`, 'secret');
    expect(await github.notify(github.openPull('acme/gateway'), 'pull_request', 'opened')).toEqual([204]);
    hook.closeAllConnections();
    await new Promise((closed) => hook.close(closed));
    const [{ headers, body }] = told as [(typeof told)[0]];
    expect(headers['x-hub-signature-256']).toBe(`sha256=${createHmac('sha256', 'secret').update(body).digest('hex')}`);
    expect(headers).toMatchObject({ 'x-github-event': 'pull_request', 'x-github-delivery': expect.any(String) });
  });
});
