import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { circuitBreaker, ConsecutiveBreaker, handleWhen } from 'cockatiel';
import * as fc from 'fast-check';
import { SystemClock } from '#libs/clock';
import { EmulatorServer, type Fault } from '#libs/emulators';
import { InProcessTokenBuckets } from '#libs/redis';
import { VendorError } from '../connector.ts';
import type { ConnectorType } from '../work-item.ts';
import { Addresses } from './addresses.ts';
import { Turnstile } from './turnstile.ts';
import { isIllHealth, REPEATABLE_HEADER, vendorFetch, type VendorFetchParts } from './vendor-fetch.ts';

let vendor: EmulatorServer;
let addresses: Addresses;
let asked: string[];
let counted: Record<string, number>;

beforeEach(async () => {
  asked = [];
  counted = {};
  const emulator: EmulatorServer = await EmulatorServer.listen({
    unauthorised: () => ({ status: 401, body: {} }),
    answer: ({ method, path, body, email, headers }) => {
      if (path === '/away') return { status: 302, headers: { location: 'http://127.0.0.1:1/x' } };
      if (path === '/here') return { status: 302, headers: { location: '/there' } };
      if (method === 'POST')
        emulator.record(email, 'post', { text: body.toString(), marked: headers[REPEATABLE_HEADER] });
      return { status: 200, body: { path, email } };
    },
  });
  vendor = emulator;
  vendor.addToken('good', 'alice');
  addresses = new Addresses([new URL(vendor.url).host]);
});
afterEach(async () => {
  await addresses.close();
  await vendor.close();
});

const clock = new SystemClock();

interface Shared {
  type?: ConnectorType;
  perSecond?: number;
  burst?: number;
  concurrency?: number;
  queueLimit?: number;
  failures?: number;
  token?: () => string;
  renew?: () => boolean;
}

/** One connector; its `fetch` for each person. */
function connector(shared: Shared = {}, timeoutMs = 5_000) {
  const { type = 'jira', perSecond = 10_000, burst = 10_000, concurrency = 16, queueLimit = 1_000 } = shared;
  const buckets = new InProcessTokenBuckets(clock);
  const now = () => clock.now();
  const turnstile = new Turnstile({ key: 'c', buckets, limit: { perSecond, burst }, concurrency, queueLimit, now });
  const breaker = circuitBreaker(handleWhen(isIllHealth), {
    halfOpenAfter: 200,
    breaker: new ConsecutiveBreaker(shared.failures ?? 1_000),
  });
  const parts = (person: string): VendorFetchParts => ({
    type,
    baseUrl: vendor.url,
    personKey: person,
    authorisation: {
      header: async () => `Bearer ${shared.token?.() ?? 'good'}`,
      renew: async () => shared.renew?.() ?? false,
    },
    turnstile,
    breaker,
    addresses,
    hold: (until, ofPerson) => buckets.hold(ofPerson ? `c/${person}` : 'c', until),
    count: (outcome) => void (counted[outcome] = (counted[outcome] ?? 0) + 1),
    queued: () => undefined,
    attempts: 4,
    attemptTimeoutMs: 300,
    breakerOpenMs: 200,
    now,
    random: () => 0,
    signal: AbortSignal.timeout(timeoutMs),
    deadline: now() + timeoutMs,
  });
  return (person = 'alice') => vendorFetch(parts(person));
}

/** Goes wrong so many times, then well. */
function faults(...plan: (Fault | undefined)[]): void {
  vendor.faults = ({ method, path }) => {
    asked.push(`${method} ${path}`);
    return plan.shift();
  };
}

const get = (path = '/a', fetch = connector()()) =>
  fetch(`${vendor.url}${path}`, { headers: { accept: 'application/json' } });
const post = (headers: Record<string, string> = {}, fetch = connector()()) =>
  fetch(`${vendor.url}/p`, { method: 'POST', body: 'hello', headers });
const failureOf = (work: Promise<unknown>): Promise<VendorError> =>
  work.then(
    () => Promise.reject(new Error('it went well')),
    (error: unknown) => error as VendorError,
  );

describe('a look is repeated', () => {
  test.each<[string, Fault]>([
    ['after 503', { kind: 'status', status: 503 }],
    ['after a reset', { kind: 'reset' }],
    ['after half an answer', { kind: 'truncate' }],
    ['after a page instead of JSON', { kind: 'garbage' }],
    ['after an answer that takes too long', { kind: 'delay', ms: 600 }],
    ['after 429', { kind: 'status', status: 429 }],
  ])('%s', async (_what, fault) => {
    faults(fault, fault);
    const response = await get();
    expect([response.status, await response.json(), asked.length]).toEqual([200, { path: '/a', email: 'alice' }, 3]);
  });

  test('not before Retry-After has passed, and others of the connector wait too', async () => {
    faults({ kind: 'status', status: 429, headers: { 'retry-after': '1' } });
    const open = connector();
    const began = performance.now();
    const first = get('/a', open('alice'));
    await new Promise((resume) => setTimeout(resume, 100));
    await Promise.all([first, get('/b', open('bob'))]);
    expect(performance.now() - began).toBeGreaterThan(950);
    expect(asked).toHaveLength(3);
  });

  test('and given up with the time to come back, where that lies beyond the time limit', async () => {
    faults({ kind: 'status', status: 429, headers: { 'retry-after': '120' } });
    const error = await failureOf(get());
    expect([error.failure, Math.round((error.retryAt! - clock.now()) / 1000)]).toEqual(['rate_limited', 120]);
  });

  test('at most as often as is set', async () => {
    faults(...Array.from({ length: 9 }, () => ({ kind: 'status', status: 500 }) as const));
    const error = await failureOf(get());
    expect([error.failure, error.message, asked.length]).toEqual(['unavailable', 'jira: answered 500', 4]);
  });
});

describe('a write', () => {
  test.each<[string, Fault]>([
    ['reset', { kind: 'reset' }],
    ['cut off', { kind: 'truncate' }],
    ['answered with 500', { kind: 'status', status: 500 }],
    ['answered with garbage', { kind: 'garbage' }],
    ['never answered', { kind: 'delay', ms: 600 }],
  ])('that is %s is not sent again', async (_what, fault) => {
    faults(fault);
    expect(await failureOf(post())).toBeInstanceOf(VendorError);
    expect(asked).toHaveLength(1);
  });

  test('that was not taken is sent again', async () => {
    faults({ kind: 'status', status: 429 }, { kind: 'status', status: 429 });
    expect((await post()).status).toBe(200);
    expect(vendor.written).toHaveLength(1);
  });

  test('that the connector marks is sent again, without the mark', async () => {
    faults({ kind: 'reset' });
    expect((await post({ [REPEATABLE_HEADER]: 'yes' })).status).toBe(200);
    expect(vendor.written.map(({ detail }) => detail)).toEqual([{ text: 'hello', marked: undefined }]);
  });
});

test('refused credentials are renewed once', async () => {
  let token = 'old';
  const open = connector({
    token: () => token,
    renew: () => {
      token = 'good';
      return true;
    },
  });
  expect((await get('/a', open())).status).toBe(200);
  const error = await failureOf(get('/a', connector({ token: () => 'bad', renew: () => true })()));
  expect(error.failure).toBe('unauthorised');
});

test('credentials go nowhere but to the base address', async () => {
  const fetch = connector()();
  expect((await failureOf(fetch('http://127.0.0.1:9/x'))).failure).toBe('invalid');
  expect((await failureOf(fetch(`${vendor.url}/away`))).failure).toBe('invalid');
  expect(await (await fetch(`${vendor.url}/here`)).json()).toMatchObject({ path: '/there' });
});

test('a system that keeps failing is left alone for a moment', async () => {
  vendor.faults = () => ({ kind: 'status', status: 500 });
  const open = connector({ failures: 3 });
  await failureOf(get('/a', open()));
  const error = await failureOf(get('/a', open()));
  expect([error.failure, error.retryAt! > clock.now()]).toEqual(['unavailable', true]);
  vendor.faults = () => undefined;
  await new Promise((resume) => setTimeout(resume, 250));
  expect((await get('/a', open())).status).toBe(200);
});

describe('turns', () => {
  test('one with many requests does not keep another waiting', async () => {
    const open = connector({ concurrency: 1 });
    const order: string[] = [];
    const ask = async (person: string) => {
      await get('/a', open(person));
      order.push(person);
    };
    await Promise.all([...Array.from({ length: 40 }, () => ask('greedy')), ask('modest')]);
    expect(order.indexOf('modest')).toBeLessThan(4);
  });

  test('where too many wait, the next hears when to come back', async () => {
    const open = connector({ concurrency: 1, queueLimit: 5 });
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => get('/a', open())));
    const refused = results.filter((result) => result.status === 'rejected').map(({ reason }) => reason as VendorError);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.every(({ failure, retryAt }) => failure === 'overloaded' && retryAt! > clock.now())).toBe(true);
    expect(results.length - refused.length).toBe(asked.length || vendor.answered.get(200));
  });

  test('the bucket sets the pace', async () => {
    const open = connector({ perSecond: 20, burst: 2 });
    const began = performance.now();
    await Promise.all(Array.from({ length: 12 }, () => get('/a', open())));
    expect(performance.now() - began).toBeGreaterThan(450);
  });
});

test('whatever goes wrong, every request ends in an answer or in a VendorError, and no write takes effect twice', async () => {
  const fault = fc.constantFrom<Fault | undefined>(
    undefined,
    undefined,
    { kind: 'status', status: 429 },
    { kind: 'status', status: 503 },
    { kind: 'reset' },
    { kind: 'truncate' },
    { kind: 'garbage' },
    { kind: 'delay', ms: 350 },
  );
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fault, { maxLength: 30 }),
      fc.array(fc.boolean(), { minLength: 1, maxLength: 15 }),
      async (plan, writes) => {
        const left = [...plan];
        vendor.faults = () => left.shift();
        // A request that was given up may still take effect in the next run: each run has texts of its own.
        const run = ++runs;
        const open = connector({ failures: 8, concurrency: 4 }, 3_000);
        const ended = await Promise.allSettled(
          writes.map((write, i) =>
            write
              ? open(`p${i % 3}`)(`${vendor.url}/p`, { method: 'POST', body: `${run}/${i}` })
              : get(`/${i}`, open(`p${i % 3}`)),
          ),
        );
        for (const end of ended) if (end.status === 'rejected') expect(end.reason).toBeInstanceOf(VendorError);
        const texts = vendor.written.map(({ detail }) => detail.text);
        expect(new Set(texts).size).toBe(texts.length);
      },
    ),
    { numRuns: 15 },
  );
}, 60_000);
