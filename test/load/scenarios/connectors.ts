import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from '#libs/emulators';
import { Days, type World, WORLD_SYSTEMS, type WorldSystem } from '#libs/emulators/demo';
import { Latencies } from '../latencies.ts';
import type { Criterion, Report } from '../report.ts';
import { scenarios } from '../scenarios.ts';
import { connectAll } from '../seed/work.ts';
import type { Stage } from '../stage.ts';
import { count, milliseconds } from '../table.ts';

const scenario = scenarios.connectors;
/** A client that is told to come back does so this often at most. */
const TRIES = 60;
const LONGEST_WAIT_MS = 5_000;

const READS: Readonly<Record<WorldSystem, object>> = {
  gmail: { resource: 'messages', query: { limit: 5 } },
  gcal: { resource: 'events', query: {} },
  jira: { resource: 'issues', query: {} },
  github: { resource: 'pulls', query: {} },
  gdrive: { resource: 'files', query: {} },
};

interface Outcome {
  readonly statuses: Map<number, number>;
  readonly latencies: number[];
  readonly unanswered: string[];
  readonly finished: Map<string, number>;
  readonly acknowledged: Map<string, string>;
}

/**
 * Everybody reads from all five systems at once, and writes in three of them, while the systems set limits and fail. What the
 * emulated systems have received is compared with what was acknowledged.
 */
export async function connectors(stage: Stage): Promise<Report> {
  const { world, say, signal, options } = stage;
  if (!world) throw new Error('The scenario "connectors" starts a gateway and systems of its own.');
  const people = await stage.workers(world);
  await connectAll(stage.admin, world, new Map(people.map(({ email, id }) => [email, id])), signal);
  for (const system of WORLD_SYSTEMS) world[system].faults = faultsOf(system, scenario.faultShare, options.runs);
  const writtenBefore = writtenIn(world).length;

  say(
    `${count(people.length)} people read in five systems and write in three, ${scenario.rounds} rounds, all at once …`,
  );
  const outcome: Outcome = {
    statuses: new Map(),
    latencies: [],
    unanswered: [],
    finished: new Map(),
    acknowledged: new Map(),
  };
  const started = performance.now();
  const progress = setInterval(() => {
    const answered = outcome.latencies.length;
    say(
      `  ${((performance.now() - started) / 1000).toFixed(0)} s: ${count(answered)} answered, ${count(outcome.finished.size)} people done`,
    );
  }, 5_000);
  try {
    await Promise.all(people.map((person, n) => onePerson(stage, world, person, n, outcome)));
  } finally {
    clearInterval(progress);
  }
  const elapsedMs = performance.now() - started;
  for (const system of WORLD_SYSTEMS) world[system].faults = () => undefined;
  const isReady = (await fetch(`${stage.target.url}/readyz`)).status === 200;
  const { lost, doubled } = compare(outcome.acknowledged, writtenIn(world).slice(writtenBefore));

  const times = [...outcome.finished.values()].sort((a, b) => a - b);
  const [median, slowest] = [times[times.length >> 1] ?? 0, times.at(-1) ?? 0];
  const latencies = new Latencies();
  for (const ms of outcome.latencies) latencies.record(ms);
  const criteria: Criterion[] = [
    { what: `the gateway is alive and ready: ${isReady ? 'yes' : 'no'}`, holds: isReady },
    {
      what: `every request answered in the end: ${count(outcome.unanswered.length)} without a good answer`,
      holds: outcome.unanswered.length <= scenario.criteria.errors,
    },
    {
      what: `no write lost or doubled: ${count(outcome.acknowledged.size)} acknowledged, ${count(lost)} lost, ${count(doubled)} doubled`,
      holds: lost === scenario.criteria.lost && doubled === 0,
    },
    {
      what: `nobody starved: the slowest person was done after ${milliseconds(slowest)}, the median ${milliseconds(median)}; at most ${scenario.criteria.slowest} times`,
      holds: slowest <= median * scenario.criteria.slowest,
    },
  ];
  const statuses = [...outcome.statuses].sort(([a], [b]) => a - b);
  return {
    scenario: 'connectors',
    parameters: { users: people.length, rounds: scenario.rounds, faultShare: scenario.faultShare },
    rows: [
      {
        title: scenario.title,
        latencies,
        throughput: (outcome.latencies.length * 1_000) / elapsedMs,
        errorRate: outcome.unanswered.length / Math.max(1, outcome.latencies.length),
        passes: criteria.every(({ holds }) => holds),
      },
    ],
    criteria,
    errors: Object.fromEntries(outcome.unanswered.map((what) => [what, 1])),
    notes: [
      `Answers by status, those that said when to come back included: ${statuses.map(([status, n]) => `${status} × ${count(n)}`).join(', ')}.`,
      `The systems answered: ${WORLD_SYSTEMS.map((system) => `${system} ${answersOf(world, system)}`).join('; ')}.`,
      'Latency counts from the first try to the good answer, waits that the gateway asked for included.',
    ],
  };
}

async function onePerson(
  stage: Stage,
  world: World,
  { id, email, token }: { id: string; email: string; token: string },
  n: number,
  outcome: Outcome,
): Promise<void> {
  const started = performance.now();
  const days = new Days(Date.now(), 'Europe/Berlin');
  for (let round = 0; round < scenario.rounds; round++) {
    const reads = WORLD_SYSTEMS.map((system) => call(stage, token, `${system}/read`, READS[system], '', outcome));
    const mark = `${id}-${round}`;
    const issue = [...world.jira.state.issues.keys()][n % world.jira.state.issues.size]!;
    const repository = `load/service-${n % 50}`;
    const writes: [WorldSystem, object][] = [
      ['gcal', { action: 'calendar_create_event', title: mark, start: when(days, round), end: when(days, round, 30) }],
      ['jira', { action: 'jira_comment', key: issue, text: mark }],
      ['github', { action: 'github_comment', repo: repository, number: 1, text: mark }],
    ];
    const written = writes.map(async ([system, body]) => {
      const isDone = await call(stage, token, `${system}/write`, body, `${mark}-${system}`, outcome);
      if (isDone) outcome.acknowledged.set(`${system} ${mark}`, email);
    });
    await Promise.all([...reads, ...written]);
  }
  outcome.finished.set(id, performance.now() - started);
}

function when(days: Days, round: number, minutes = 0): string {
  return new Date(days.at(3 + round, '18:00') + minutes * 60_000).toISOString();
}

/** One call of a well-behaved client: told to come back, it does, with the same key. @returns whether it was done */
async function call(
  stage: Stage,
  token: string,
  path: string,
  body: object,
  key: string,
  { statuses, latencies, unanswered }: Outcome,
): Promise<boolean> {
  const started = performance.now();
  let said = '';
  for (let attempt = 0; attempt < TRIES; attempt++) {
    stage.signal.throwIfAborted();
    const response = await fetch(`${stage.target.url}/api/v1/connectors/${path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        ...(key === '' ? {} : { 'idempotency-key': key }),
      },
      body: JSON.stringify(body),
    });
    said = `${path} ${response.status}: ${(await response.text()).slice(0, 300)}`;
    statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
    if (response.status === 200) {
      latencies.push(performance.now() - started);
      return true;
    }
    const retryAfter = Number(response.headers.get('retry-after'));
    // 409: the first try of this key is still at work.
    const comesBack = retryAfter > 0 || response.status === 409;
    if (!comesBack) break;
    await delay(Math.min(LONGEST_WAIT_MS, Math.max(1, retryAfter) * 1_000), undefined, { signal: stage.signal });
  }
  latencies.push(performance.now() - started);
  unanswered.push(said);
  return false;
}

/** A seeded share of requests goes wrong, in each way in turn; what a vendor says of its limits is said in its own words. */
function faultsOf(system: WorldSystem, share: number, seed: number) {
  let state = (seed * 2_654_435_761 + WORLD_SYSTEMS.indexOf(system) * 40_503) >>> 0;
  const random = () => {
    // Numerical Recipes' linear congruential generator.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const kinds: readonly Fault[] = [
    { kind: 'status', status: 429, body: {} },
    { kind: 'status', status: 429, headers: { 'retry-after': '1' }, body: {} },
    limitOf(system),
    { kind: 'status', status: 500, body: 'oops' },
    { kind: 'status', status: 503, body: '<html>Service Unavailable</html>' },
    { kind: 'reset' },
    { kind: 'reset', after: true },
    { kind: 'truncate' },
    { kind: 'delay', ms: 300 },
  ];
  return () => (random() < share ? kinds[Math.floor(random() * kinds.length)] : undefined);
}

function limitOf(system: WorldSystem): Fault {
  if (system === 'github') {
    const body = { message: 'You have exceeded a secondary rate limit.' };
    return { kind: 'status', status: 403, headers: { 'retry-after': '1' }, body };
  }
  if (system === 'jira') return { kind: 'status', status: 429, headers: { 'retry-after': '2' }, body: {} };
  const reason = { domain: 'usageLimits', reason: 'userRateLimitExceeded', message: 'User Rate Limit Exceeded' };
  return { kind: 'status', status: 403, body: { error: { code: 403, message: reason.message, errors: [reason] } } };
}

/** The marks of everything that took effect: `jira load-0001-0`. */
function writtenIn(world: World): string[] {
  return (['gcal', 'jira', 'github'] as const).flatMap((system) =>
    world[system].written.flatMap(({ detail }) => {
      const mark = /load-\d+-\d+/.exec(JSON.stringify(detail));
      return mark ? [`${system} ${mark[0]}`] : [];
    }),
  );
}

function compare(acknowledged: ReadonlyMap<string, string>, written: readonly string[]) {
  const times = new Map<string, number>();
  for (const mark of written) times.set(mark, (times.get(mark) ?? 0) + 1);
  const lost = [...acknowledged.keys()].filter((mark) => !times.has(mark)).length;
  const doubled = [...times.values()].filter((n) => n > 1).length;
  return { lost, doubled };
}

function answersOf(world: World, system: WorldSystem): string {
  return [...world[system].answered]
    .sort(([a], [b]) => a - b)
    .map(([status, n]) => `${status} × ${count(n)}`)
    .join(', ');
}
