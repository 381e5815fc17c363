import { setTimeout as delay } from 'node:timers/promises';
import { UsageError } from '../arguments.ts';
import { kindsOf } from '../generator/calls.ts';
import { MESSAGE_TO_PEER, requestFrame } from '../generator/live-connection.ts';
import { TENANT } from '../gateway.ts';
import type { LiveEnd, Model, PreparedCall } from '../generator/protocol.ts';
import { costInWords, type Criterion, type Report, runDetails } from '../report.ts';
import { scenarios, spread } from '../scenarios.ts';
import type { Stage } from '../stage.ts';
import { count, mebibytes, milliseconds, percent } from '../table.ts';
import { snapshot } from '../usage.ts';

const scenario = scenarios.websocket;
const PING = 'ping';
const MESSAGE = 'message';
/** How long memory is looked at once all are connected; the least counts, which is nearest to after a collection. */
const LOOK_MS = 6_000;
const LOOKS = 12;

/**
 * Thousands of connections, two and two of which write to each other, that ask now and then: what one costs in memory, and how
 * long answers take. A message counts until its event is at the peer.
 */
export async function websocket(stage: Stage): Promise<Report> {
  const { options, say, target } = stage;
  const { own } = target;
  if (!own) throw new UsageError('websocket looks at the memory of a gateway of its own: without --url.');
  const users = options.users ?? scenario.users;
  const { people, users: virtual } = await stage.people(users);
  const labels = [PING, MESSAGE, ...kindsOf(scenarios.policy.mix)];
  // The connection says who asks, so that any may carry any call.
  const calls: PreparedCall[] = virtual.flatMap((_, user) => [
    { bytes: requestFrame(PING), user, label: 0, status: 200 },
    { bytes: MESSAGE_TO_PEER, user, label: 1, status: 200 },
    ...spread(scenarios.policy.mix).map((call) => ({
      ...{ bytes: requestFrame('policy.evaluate', call.body), user, label: labels.indexOf(call.kind) },
      ...{ status: 200, decision: call.expect },
    })),
  ]);
  const ends = virtual.map(({ token, id }, n): LiveEnd => {
    const peer = people[n ^ 1] ?? people[0]!;
    return { token, userId: id, orgId: people[n]!.orgId, tenantId: TENANT, peer: peer.id };
  });
  const generator = stage.generator(calls, labels, users, ends);

  // The first half brings what any connection needs; the second is weighed.
  const half = Math.max(1, Math.floor(users / 2));
  say(`Connecting ${count(half)} …`);
  await connect(half);
  const before = await residentBytes(own.pid);
  say(`Connecting ${count(users - half)} more …`);
  const opened = performance.now();
  await connect(users);
  const tookMs = performance.now() - opened;
  const after = await residentBytes(own.pid);
  const kibPerSocket = Math.max(0, after - before) / 1_024 / Math.max(1, users - half);

  const rate = options.rate ?? scenario.rate;
  const durationMs = options.durationMs ?? scenario.durationSeconds * 1_000;
  say(`${count(rate)} requests/s by chance over ${count(users)} connections for ${milliseconds(durationMs)}`);
  const run = await stage.measure(generator, { model: { kind: 'open', rate, durationMs } });
  const loaded = snapshot(own.pid).residentBytes.gateway;

  const { criteria } = scenario;
  const [p95, p99] = [run.all.percentile(95), run.all.percentile(99)];
  const held: Criterion[] = [
    { what: `P95 < ${criteria.p95Ms} ms: ${milliseconds(p95)}`, holds: p95 < criteria.p95Ms },
    { what: `P99 < ${criteria.p99Ms} ms: ${milliseconds(p99)}`, holds: p99 < criteria.p99Ms },
    {
      what: `no errors: ${percent(run.errorRate)} of ${count(run.calls)} requests`,
      holds: run.errorRate <= criteria.errorRate,
    },
    {
      what: `at most ${criteria.kibPerSocket} KiB a connection, what its sign-in leaves behind included: ${kibPerSocket.toFixed(1)} KiB`,
      holds: kibPerSocket <= criteria.kibPerSocket,
    },
  ];
  const passes = held.slice(0, 3).every(({ holds }) => holds);
  return {
    scenario: 'websocket',
    parameters: { users, rate, durationMs },
    rows: [
      { title: scenario.title, latencies: run.all, throughput: run.throughput, errorRate: run.errorRate, passes },
      ...labels.map((label, i) => ({
        ...{ title: `  ${label}`, latencies: run.byLabel[i]!, errorRate: 0 },
        throughput: (run.byLabel[i]!.count * 1_000) / run.elapsedMs,
      })),
    ],
    criteria: held,
    errors: run.errors,
    shares: run.shares,
    notes: [
      `Memory of the gateway: ${mebibytes(before)} with ${count(half)} connections, ${mebibytes(after)} with ${count(users)}, ` +
        `${mebibytes(loaded)} after the requests. Connecting the second half took ${milliseconds(tookMs)}.`,
      ...(run.shares ? [costInWords(run.shares, run.throughput)] : []),
    ],
    details: { ...runDetails(run), kibPerSocket, residentBytes: { before, after, loaded }, connectMs: tookMs },
  };

  /** A request through each of so many connections opens those that are not open yet. */
  async function connect(connections: number): Promise<void> {
    const model: Model = { kind: 'closed', users: connections, callsPerUser: 1, only: 0 };
    const { failed, errors } = await stage.measure(generator, { model }, true);
    if (failed > 0) throw new Error(`${failed} connections failed: ${JSON.stringify(errors)}`);
  }
}

async function residentBytes(pid: number): Promise<number> {
  let least = Infinity;
  for (let n = 0; n < LOOKS; n++) {
    await delay(LOOK_MS / LOOKS);
    least = Math.min(least, snapshot(pid).residentBytes.gateway);
  }
  return least;
}
