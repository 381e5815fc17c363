import { kindsOf, prepare } from '../generator/calls.ts';
import type { Generator, Measured } from '../generator/generator.ts';
import type { Model } from '../generator/protocol.ts';
import {
  addErrors,
  costInWords,
  type Criterion,
  type Report,
  type ResultRow,
  runDetails,
  sharesInWords,
} from '../report.ts';
import { scenarios } from '../scenarios.ts';
import { RateSearch } from '../search.ts';
import type { Stage } from '../stage.ts';
import { count, milliseconds, percent } from '../table.ts';

const scenario = scenarios.policy;
const WARM_UP_MS = 5_000;
const STEP_MS = 12_000;

/** Policy evaluation throughput: 500 users, 10 evaluations each; no decision may be missing from the audit log. */
export async function policy(stage: Stage): Promise<Report> {
  const { options, say } = stage;
  const users = options.users ?? scenario.users;
  const { users: virtual } = await stage.people(users);
  const labels = kindsOf(scenario.mix);
  const calls = prepare({
    target: stage.address,
    path: scenario.path,
    status: 200,
    users: virtual,
    mix: scenario.mix,
    labels,
    body: (call, { id }) => ({ ...call.body, subject: { userId: id } }),
  });
  const generator = stage.generator(calls, labels, users);
  say(`Warming up for ${milliseconds(WARM_UP_MS)} (not counted) …`);
  await stage.measure(generator, { model: { kind: 'closed', users, durationMs: WARM_UP_MS } }, true);
  return options.sustained ? sustained(stage, generator, users) : bursts(stage, generator, users);
}

async function bursts(stage: Stage, generator: Generator, users: number): Promise<Report> {
  const { options, say } = stage;
  const model: Model =
    options.rate !== undefined
      ? { kind: 'open', rate: options.rate, durationMs: options.durationMs ?? 10_000 }
      : options.durationMs !== undefined
        ? { kind: 'closed', users, durationMs: options.durationMs }
        : { kind: 'closed', users, callsPerUser: scenario.callsPerUser };
  const since = new Date().toISOString();
  const runs = [];
  for (let n = 1; n <= options.runs; n++) {
    say(`Run ${n} of ${options.runs}: ${inWords(model)}`);
    runs.push(await stage.measure(generator, { model, collectIds: true }));
  }
  const recorded = await lookUp(
    stage,
    since,
    runs.flatMap((run) => run.ids),
  );
  const best = bestOf(runs);
  const { criteria } = scenario;
  const rows = runs.map((run, i): ResultRow => {
    const title = options.runs === 1 ? scenario.title : `${scenario.title}, run ${i + 1}`;
    return { title, latencies: run.all, throughput: run.throughput, errorRate: run.errorRate, passes: holds(run) };
  });
  const [p95, p99] = [best.all.percentile(95), best.all.percentile(99)];
  const criteriaHeld: Criterion[] = [
    { what: `P95 < ${criteria.p95Ms} ms: ${milliseconds(p95)}`, holds: p95 < criteria.p95Ms },
    { what: `P99 < ${criteria.p99Ms} ms: ${milliseconds(p99)}`, holds: p99 < criteria.p99Ms },
    {
      what: `no errors: ${percent(best.errorRate)} of ${count(best.calls)} calls`,
      holds: best.errorRate <= criteria.errorRate,
    },
    {
      what: `every decision in the audit log, once: ${count(recorded.answered)} answered, ${count(recorded.missing)} missing, ${count(recorded.doubled)} doubled (${count(recorded.stored)} recorded)`,
      holds: recorded.missing === 0 && recorded.doubled === 0,
    },
  ];
  return {
    scenario: 'policy',
    parameters: { users, model, policies: options.policies ?? 'demo', runs: options.runs, mix: scenario.mix },
    rows: [...rows, ...(rows.length === 1 ? byKind(best) : [])],
    criteria: criteriaHeld,
    errors: addErrors(runs),
    shares: best.shares,
    notes: [
      `Decisions: ${decisions(best)}. Warm-up of ${milliseconds(WARM_UP_MS)} excluded.`,
      ...(best.shares ? [costInWords(best.shares, best.throughput)] : []),
      ...(runs.length > 1 ? ['The best run counts: the machine may be shared with other work.'] : []),
    ],
    details: { runs: runs.map((run) => ({ ...runDetails(run), shares: run.shares })), recorded },
  };
}

async function sustained(stage: Stage, generator: Generator, users: number): Promise<Report> {
  const { p99Ms } = scenario.criteria;
  const search = new RateSearch({ first: 1_000, factor: 1.3, refinements: 3 });
  const steps: (Measured & {
    offered: number;
    isGood: boolean;
    shares: Awaited<ReturnType<Stage['measure']>>['shares'];
  })[] = [];
  for (let rate = search.next(); rate !== undefined; rate = search.next()) {
    const model: Model = { kind: 'open', rate, durationMs: stage.options.durationMs ?? STEP_MS };
    const run = await stage.measure(generator, { model }, true);
    const p99 = run.all.percentile(99);
    const isGood = p99 < p99Ms && run.failed === 0 && !run.abandoned;
    search.tell(rate, isGood);
    steps.push({ ...run, offered: rate, isGood });
    stage.say(
      `  ${count(rate)}/s: P50 ${milliseconds(run.all.percentile(50))}, P99 ${milliseconds(p99)}, ${count(run.failed)} errors` +
        `${run.abandoned ? ', given up: calls wait longer and longer' : ''} → ${isGood ? 'holds' : 'too much'}`,
    );
  }
  const best = steps.filter((step) => step.isGood).sort((a, b) => b.offered - a.offered)[0];
  return {
    scenario: 'policy',
    parameters: { users, sustained: true, stepMs: STEP_MS, policies: stage.options.policies ?? 'demo' },
    rows: steps.map((step) => ({
      title: `${count(step.offered)}/s offered`,
      latencies: step.all,
      throughput: step.throughput,
      errorRate: step.errorRate,
      passes: step.isGood,
    })),
    criteria: [
      {
        what: `a rate with P99 < ${p99Ms} ms: ${best ? `${count(best.offered)}/s` : 'none'}`,
        holds: best !== undefined,
      },
    ],
    errors: best?.errors ?? {},
    shares: best?.shares,
    notes: [
      ...(best?.shares ? [costInWords(best.shares, best.throughput)] : []),
      best ? `Sustained at P99 < ${p99Ms} ms: ${count(best.offered)} evaluations/s.` : 'No rate holds.',
      ...steps.flatMap((step) => (step.shares ? [`  at ${count(step.offered)}/s: ${sharesInWords(step.shares)}`] : [])),
    ],
    details: steps.map((step) => ({ ...runDetails(step), shares: step.shares })),
  };
}

/** Reads the recorded decisions back and compares, id by id. */
async function lookUp(stage: Stage, since: string, ids: readonly string[]) {
  stage.say(`Looking for ${count(ids.length)} decisions in the audit log …`);
  const stored = new Map<string, number>();
  const from = encodeURIComponent(since);
  for await (const line of stage.admin.exportLines(`actionType=policy_decision&from=${from}`)) {
    const id = /^\{"id":"([0-9A-Z]{26})"/.exec(line)?.[1] ?? (JSON.parse(line) as { id: string }).id;
    stored.set(id, (stored.get(id) ?? 0) + 1);
  }
  return {
    answered: ids.length,
    stored: stored.size,
    missing: ids.filter((id) => !stored.has(id)).length,
    doubled: ids.length - new Set(ids).size + [...stored.values()].filter((n) => n > 1).length,
  };
}

function holds(run: Measured): boolean {
  const { p95Ms, p99Ms, errorRate } = scenario.criteria;
  return run.all.percentile(95) < p95Ms && run.all.percentile(99) < p99Ms && run.errorRate <= errorRate;
}

function bestOf<T extends Measured>(runs: readonly T[]): T {
  return [...runs].sort((a, b) => a.failed - b.failed || a.all.percentile(95) - b.all.percentile(95))[0]!;
}

function byKind(run: Measured): ResultRow[] {
  return run.labels.map((label, i) => {
    const latencies = run.byLabel[i]!;
    return { title: `  ${label}`, latencies, throughput: (latencies.count * 1_000) / run.elapsedMs, errorRate: 0 };
  });
}

function decisions(run: Measured): string {
  return Object.entries(run.decisions)
    .map(([decision, n]) => `${count(n)} ${decision}`)
    .join(', ');
}

export function inWords(model: Model): string {
  if (model.kind === 'open') return `${count(model.rate)} calls/s by chance for ${milliseconds(model.durationMs)}`;
  const each = model.callsPerUser !== undefined ? `${model.callsPerUser} calls each` : '';
  const time = model.durationMs !== undefined ? `for ${milliseconds(model.durationMs)}` : '';
  return `${count(model.users)} users at once, ${each}${time}`;
}
