import { describe, expect, test } from '@jest/globals';
import { judge, retryTime } from './vendor-answer.ts';

const NOW = Date.parse('2026-11-25T10:00:00Z');
const json = { 'content-type': 'application/json' };
const answer = (status: number, headers: Record<string, string> = json, body: unknown = {}) => ({
  status,
  headers: new Headers(headers),
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
});
const google = (reason: string) => ({ error: { code: 403, errors: [{ reason }] } });

describe('Retry-After', () => {
  test.each([
    ['30', NOW + 30_000],
    ['Wed, 25 Nov 2026 10:02:00 GMT', NOW + 120_000],
    ['Wed, 25 Nov 2026 09:00:00 GMT', NOW],
    ['999999999', NOW + 86_400_000],
    ['soon', undefined],
    ['', undefined],
  ])('"%s"', (given, at) => expect(retryTime(new Headers({ 'retry-after': given }), NOW)).toBe(at));
});

describe('an answer', () => {
  test.each([
    ['github', answer(200), 'answer'],
    ['github', answer(404), 'answer'],
    ['github', answer(401), 'unauthorised'],
    ['jira', answer(429, { 'retry-after': '7' }), 'limited'],
    ['github', answer(403, json, { message: 'Resource not accessible' }), 'answer'],
    ['github', answer(403, json, { message: 'You have exceeded a secondary rate limit.' }), 'limited'],
    ['github', answer(403, { ...json, 'retry-after': '60' }), 'limited'],
    ['github', answer(403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW / 1000 + 60) }), 'limited'],
    ['gmail', answer(403, json, google('userRateLimitExceeded')), 'limited'],
    ['gcal', answer(403, json, google('rateLimitExceeded')), 'limited'],
    ['gmail', answer(403, json, google('insufficientPermissions')), 'answer'],
    ['gdrive', answer(503), 'failed'],
    ['gmail', answer(200, json, '{"a": [1,'), 'failed'],
    ['gmail', answer(200, { 'content-type': 'text/html' }, '<html>'), 'failed'],
    ['gmail', answer(204, json, ''), 'answer'],
  ] as const)('of %s %#', (type, given, kind) => expect(judge(type, given, true, NOW).kind).toBe(kind));

  test('a page is fine where no JSON was asked for', () => {
    expect(judge('gdrive', answer(200, { 'content-type': 'text/html' }, '<p>'), false, NOW).kind).toBe('answer');
  });
});
