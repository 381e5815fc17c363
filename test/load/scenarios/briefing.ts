import { withDatabase } from '../gateway.ts';
import { requestBytes } from '../generator/calls.ts';
import { addErrors, costInWords, type Criterion, type Report, runDetails } from '../report.ts';
import { scenarios } from '../scenarios.ts';
import { synced } from '../seed/synced.ts';
import { connectAll } from '../seed/work.ts';
import type { Stage } from '../stage.ts';
import { count, milliseconds, percent } from '../table.ts';

const scenario = scenarios.briefing;

/** Everybody asks for a briefing at the same moment; what their systems hold has been read before. */
export async function briefing(stage: Stage): Promise<Report> {
  const { options, say, signal, world } = stage;
  const { databaseUrl } = stage.target.own ?? {};
  if (!databaseUrl || !world) throw new Error('The scenario "briefing" starts a gateway and systems of its own.');
  const people = await stage.workers(world);
  say(`Connecting ${count(people.length)} people to five systems each …`);
  const ids = new Map(people.map(({ email, id }) => [email, id]));
  const connecting = performance.now();
  await connectAll(stage.admin, world, ids, signal);
  await synced(stage, databaseUrl, people.length * 5);
  say(
    `Everything was read for the first time ${milliseconds(performance.now() - connecting)} after the first was connected.`,
  );

  const calls = people.map(({ token }, user) => ({
    bytes: requestBytes(stage.address, 'POST', scenario.path, token, {}),
    user,
    label: 0,
    status: 201,
  }));
  const generator = stage.generator(calls, ['briefing'], people.length);
  const model = { kind: 'closed', users: people.length, callsPerUser: scenario.callsPerUser } as const;
  const runs = [];
  for (let n = 1; n <= options.runs; n++) {
    say(`Run ${n} of ${options.runs}: ${count(people.length)} people ask at once`);
    runs.push(await stage.measure(generator, { model }));
  }
  const answered = runs.reduce((sum, run) => sum + run.calls - run.failed, 0);
  const found = await withDatabase(databaseUrl, async (client) => {
    const { rows } = await client.query<{ n: number; people: number; tasks: number }>(
      `SELECT count(*)::int AS n, count(DISTINCT user_id)::int AS people,
         round(avg(jsonb_array_length(body->'tasks')))::int AS tasks
       FROM briefings WHERE user_id LIKE 'load-%'`,
    );
    return rows[0]!;
  });

  const best = [...runs].sort((a, b) => a.all.percentile(95) - b.all.percentile(95))[0]!;
  const { p95Ms, p99Ms, errorRate } = scenario.criteria;
  const [p95, p99] = [best.all.percentile(95), best.all.percentile(99)];
  const worst = Math.max(...runs.map((run) => run.errorRate));
  const criteria: Criterion[] = [
    { what: `P95 < ${p95Ms / 1000} s: ${milliseconds(p95)}`, holds: p95 < p95Ms },
    { what: `P99 < ${p99Ms / 1000} s: ${milliseconds(p99)}`, holds: p99 < p99Ms },
    { what: `no errors: ${percent(worst)} of ${count(best.calls)} calls a run`, holds: worst <= errorRate },
    {
      what: `each briefing in the table once: ${count(answered)} answered, ${count(found.n)} stored, for ${count(found.people)} people`,
      holds: found.n === answered && found.people === people.length,
    },
  ];
  return {
    scenario: 'briefing',
    parameters: { users: people.length, runs: options.runs },
    rows: runs.map((run, n) => ({
      title: runs.length === 1 ? scenario.title : `${scenario.title}, run ${n + 1}`,
      latencies: run.all,
      throughput: run.throughput,
      errorRate: run.errorRate,
      passes: run.all.percentile(95) < p95Ms && run.all.percentile(99) < p99Ms && run.errorRate <= errorRate,
    })),
    criteria,
    errors: addErrors(runs),
    shares: best.shares,
    notes: [
      `${count(found.tasks)} tasks a briefing on average. The emulated systems run in the harness: "other work" is theirs too.`,
      ...(best.shares ? [costInWords(best.shares, best.throughput)] : []),
    ],
    details: { runs: runs.map((run) => ({ ...runDetails(run), shares: run.shares })), found },
  };
}
