import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Fault } from '#libs/emulators';
import { seedWorld, WORLD_SYSTEMS, type WorldSystem } from '#libs/emulators/demo';
import type { Briefing } from '../../src/briefing/briefing.ts';
import { until } from '../harness/until.ts';
import { startWorldGateway, type WorldGateway } from '../briefing/support.ts';

/**
 * Each failure of a vendor against each connector: the briefing is there in time, has what the other systems know, and says in
 * plain words what is wrong with this one; a failure that passes is not seen at all.
 */
const ALICE = 'alice@acme.test';
const GOOGLE = ['gmail', 'gcal', 'gdrive'];
let stage: WorldGateway;
let connectors: Record<string, string>;

/** What the vendor says where somebody asks too often, without a header that says when to come back. */
function limitOf(system: WorldSystem): Fault {
  if (GOOGLE.includes(system)) {
    const reason = { domain: 'usageLimits', reason: 'userRateLimitExceeded', message: 'User Rate Limit Exceeded' };
    return { kind: 'status', status: 403, body: { error: { code: 403, message: reason.message, errors: [reason] } } };
  }
  if (system === 'github')
    return { kind: 'status', status: 403, body: { message: 'You have exceeded a secondary rate limit.' } };
  return { kind: 'status', status: 429, body: { errorMessages: ['Rate limit exceeded.'], errors: {} } };
}

const BUSY = /asks to be left alone for a while/;
const DOWN = /does not answer|errors|cannot be reached|cut|answered 5|no connection|reset|unavailable|connection/i;
const FAILURES: readonly [name: string, fault: (system: WorldSystem) => Fault, words: RegExp, passes: boolean][] = [
  ['429 without Retry-After', () => ({ kind: 'status', status: 429, body: {} }), BUSY, true],
  [
    '429 with Retry-After',
    () => ({ kind: 'status', status: 429, headers: { 'retry-after': '1' }, body: {} }),
    BUSY,
    true,
  ],
  ['its own limit signal', limitOf, BUSY, false],
  ['500', () => ({ kind: 'status', status: 500, body: 'oops' }), DOWN, true],
  [
    '503 with an HTML page',
    () => ({ kind: 'status', status: 503, body: '<html>Service Unavailable</html>' }),
    DOWN,
    true,
  ],
  ['a connection that is reset', () => ({ kind: 'reset' }), DOWN, true],
  ['an answer that is cut', () => ({ kind: 'truncate' }), /cut|garbled|no JSON|connection|incomplete|answer/i, true],
  ['HTML in place of JSON', () => ({ kind: 'garbage' }), /no JSON|garbled|answer/i, true],
  [
    'an answer that does not come',
    () => ({ kind: 'delay', ms: 20_000 }),
    /in time|did not answer|does not answer|too long/i,
    false,
  ],
  [
    'credentials that are refused',
    () => ({ kind: 'status', status: 401, body: {} }),
    /credentials|sign|refuse/i,
    false,
  ],
];

beforeAll(async () => {
  stage = await startWorldGateway({
    CONNECTOR_ATTEMPTS: '2',
    CONNECTOR_ATTEMPT_TIMEOUT_MS: '1500',
    CONNECTOR_OPERATION_TIMEOUT_MS: '6000',
    BRIEFING_REFRESH_MS: '8000',
  });
  seedWorld(stage.world, Date.now());
  connectors = await stage.connect(ALICE);
  // What a busy machine made too slow is read again, so that later one system alone is not well.
  for (const system of WORLD_SYSTEMS) {
    await until(
      `${system} was read`,
      async () => (await call('POST', `/connectors/${connectors[system]}/sync`)).body.state === 'ok',
    );
  }
}, 120_000);
afterAll(() => stage?.stop());
afterEach(() => {
  for (const system of WORLD_SYSTEMS) stage.world[system].faults = () => undefined;
});

const call = (method: string, path: string, body?: unknown) =>
  stage.gateway.call(ALICE, method, `/api/v1${path}`, body);

/** A connection without a history, so that what happened before (a breaker, a pause) does not count. */
async function reconnect(system: WorldSystem): Promise<void> {
  await call('DELETE', `/connectors/${connectors[system]}`);
  Object.assign(connectors, await stage.connect(ALICE, [system]));
}

async function briefAfterSync(system: WorldSystem): Promise<{ briefing: Briefing; ms: number }> {
  await call('POST', `/connectors/${connectors[system]}/sync`);
  const started = performance.now();
  const { status, body } = await call('POST', '/briefings', {});
  expect(status).toBe(201);
  return { briefing: body, ms: performance.now() - started };
}

describe.each(WORLD_SYSTEMS)('%s', (system) => {
  test.each(FAILURES)('%s: the briefing says so and has the rest', async (name, fault, words) => {
    await reconnect(system);
    stage.world[system].faults = () => fault(system);
    const { briefing, ms } = await briefAfterSync(system);
    expect(ms).toBeLessThan(12_000);
    const own = briefing.connectorStatus.find(({ connector }) => connector === system)!;
    // GitHub asks for a minute of silence where it names no time: the sync waits it out, the briefing does not.
    const waits = system === 'github' && name === 'its own limit signal';
    expect(own.state).toBe(waits ? 'partial' : 'unreachable');
    expect(own.reason).toMatch(waits ? /is being read for the first time/ : words);
    expect(own.lastSync).toBeNull();
    const others = briefing.connectorStatus.filter(({ connector }) => connector !== system);
    expect(others.map(({ state }) => state)).toEqual(['ok', 'ok', 'ok', 'ok']);
    expect(briefing.tasks.length).toBeGreaterThan(3);
  });

  test.each(FAILURES.filter(([, , , passes]) => passes))('%s once: nobody notices', async (_, fault) => {
    await reconnect(system);
    let failed = 0;
    stage.world[system].faults = () => (failed++ === 0 ? fault(system) : undefined);
    const { briefing } = await briefAfterSync(system);
    expect(failed).toBeGreaterThan(1);
    expect(briefing.connectorStatus.find(({ connector }) => connector === system)).toMatchObject({ state: 'ok' });
  });
});
