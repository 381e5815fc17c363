import { withDatabase } from '../gateway.ts';
import { kindsOf, prepare } from '../generator/calls.ts';
import type { Generator, Measured } from '../generator/generator.ts';
import type { Model } from '../generator/protocol.ts';
import {
  addErrors,
  costInWords,
  type Criterion,
  type Report,
  runDetails,
  type Shares,
  sharesInWords,
} from '../report.ts';
import { scenarios } from '../scenarios.ts';
import { RateSearch } from '../search.ts';
import type { Stage } from '../stage.ts';
import { count, milliseconds, percent } from '../table.ts';
import { inWords } from './policy.ts';

const scenario = scenarios.audit;
const WARM_UP_MS = 5_000;
const STEP_MS = 12_000;

type Run = Measured & { readonly shares: Shares | undefined };

/** Audit log write throughput: nothing that was acknowledged may be missing, nothing may be there twice. */
export async function audit(stage: Stage): Promise<Report> {
  const { options, say } = stage;
  const users = options.users ?? scenario.users;
  const { users: virtual } = await stage.people(users);
  const labels = kindsOf(scenario.mix);
  const calls = prepare({
    target: stage.address,
    path: scenario.path,
    status: 201,
    users: virtual,
    mix: scenario.mix,
    labels,
    body: (call, { id }) => bodyOf({ ...call.body, userId: id }, options.batch),
  });
  const generator = stage.generator(calls, labels, users);
  const since = new Date().toISOString();
  say(`Warming up for ${milliseconds(WARM_UP_MS)} (not counted) …`);
  const warm = { kind: 'closed', users, durationMs: WARM_UP_MS } as const;
  const warmUp = await stage.measure(generator, { model: warm, collectIds: true }, true);
  const before = await counters(stage);

  const steps = options.ramp ? await ramp(stage, generator) : await runs(stage, generator, users);
  const measured = steps.map(({ run }) => run);
  const found = await lookUp(
    stage,
    since,
    [warmUp, ...measured].flatMap((run) => run.ids),
  );
  const after = await counters(stage);

  const best = options.ramp ? steps.filter((step) => step.isGood).at(-1)?.run : bestOf(measured);
  const shown = best ?? measured[0]!;
  const p95 = shown.all.percentile(95);
  const { p95Ms } = scenario.criteria;
  const criteria: Criterion[] = [
    { what: `P95 < ${p95Ms} ms: ${milliseconds(p95)}`, holds: p95 < p95Ms },
    {
      what: `no errors: ${percent(shown.errorRate)} of ${count(shown.calls)} calls`,
      holds: shown.errorRate <= scenario.criteria.errorRate,
    },
    {
      what: `dropped = ${count(found.missing)}: ${count(found.acknowledged)} entries acknowledged, ${count(found.stored)} stored, ${count(found.doubled)} doubled`,
      holds: found.missing === 0 && found.doubled === 0,
    },
    { what: `gaps in the writers' sequences: ${count(found.gaps)}`, holds: found.gaps === 0 },
  ];
  const entries = (run: Run) => count(run.throughput * options.batch);
  const grouped = before && after && after.entries > before.entries;
  return {
    scenario: 'audit',
    parameters: { users, batch: options.batch, ramp: options.ramp, rate: options.rate, mix: scenario.mix },
    rows: steps.map(({ title, run, isGood }) => ({
      title,
      latencies: run.all,
      throughput: run.throughput,
      errorRate: run.errorRate,
      passes: isGood,
    })),
    criteria,
    errors: addErrors(measured),
    shares: shown.shares,
    notes: [
      ...(options.ramp
        ? [`P95 stays below ${p95Ms} ms up to ${best ? `${entries(best)} entries/s` : 'no rate that was tried'}.`]
        : [`${entries(shown)} entries/s, ${options.batch} a call.`]),
      ...(shown.shares ? [costInWords(shown.shares, shown.throughput)] : []),
      ...steps.flatMap((step) =>
        options.ramp && step.run.shares ? [`  ${step.title}: ${sharesInWords(step.run.shares)}`] : [],
      ),
      ...(grouped
        ? [`The gateway's own clock: ${milliseconds(meanAppend(before, after))} mean from call to durable.`]
        : []),
      `Stored but not acknowledged: ${count(found.unacknowledged)} (calls that were given up or failed).`,
      `Warm-up of ${milliseconds(WARM_UP_MS)} excluded from the latencies, included in the count.`,
    ],
    details: { runs: measured.map((run) => ({ ...runDetails(run), shares: run.shares })), found },
  };
}

interface Step {
  readonly title: string;
  readonly run: Run;
  readonly isGood: boolean;
}

async function runs(stage: Stage, generator: Generator, users: number): Promise<Step[]> {
  const { options, say } = stage;
  const durationMs = options.durationMs ?? scenario.durationSeconds * 1_000;
  const model: Model =
    options.rate === undefined
      ? { kind: 'closed', users, durationMs }
      : { kind: 'open', rate: options.rate, durationMs };
  const steps: Step[] = [];
  for (let n = 1; n <= options.runs; n++) {
    say(`Run ${n} of ${options.runs}: ${inWords(model)}`);
    const run = await stage.measure(generator, { model, collectIds: true });
    const title = options.runs === 1 ? scenario.title : `${scenario.title}, run ${n}`;
    steps.push({ title, run, isGood: holds(run) });
  }
  return steps;
}

async function ramp(stage: Stage, generator: Generator): Promise<Step[]> {
  const search = new RateSearch({ first: 1_000, factor: 1.3, refinements: 3 });
  const steps: Step[] = [];
  for (let rate = search.next(); rate !== undefined; rate = search.next()) {
    const model: Model = { kind: 'open', rate, durationMs: stage.options.durationMs ?? STEP_MS };
    const run = await stage.measure(generator, { model, collectIds: true }, true);
    const isGood = holds(run) && !run.abandoned;
    search.tell(rate, isGood);
    steps.push({ title: `${count(rate)} calls/s offered`, run, isGood });
    stage.say(
      `  ${count(rate)} calls/s: P50 ${milliseconds(run.all.percentile(50))}, P95 ${milliseconds(run.all.percentile(95))}, ` +
        `${count(run.failed)} errors${run.abandoned ? ', given up: calls wait longer and longer' : ''} → ${isGood ? 'holds' : 'too much'}`,
    );
  }
  // By rate, so that the last good one is the answer.
  return steps.sort((a, b) => Number(b.isGood) - Number(a.isGood) || a.run.throughput - b.run.throughput);
}

/** Compares, id by id: in the table itself where the database is ours, else through the export. */
async function lookUp(stage: Stage, since: string, ids: readonly string[]) {
  stage.say(`Counting ${count(ids.length)} acknowledged entries in the log …`);
  const stored = new Map<string, number>();
  const types = [...new Set(scenario.mix.map((call) => String(call.body.actionType)))];
  const { own } = stage.target;
  if (own) {
    const { rows } = await withDatabase(own.databaseUrl, (client) =>
      client.query<[string]>({
        text: 'SELECT id FROM audit_entries WHERE tenant_id = $1 AND timestamp >= $2 AND action_type = ANY($3)',
        values: ['acme', since, types],
        rowMode: 'array',
      }),
    );
    for (const [id] of rows) stored.set(id, (stored.get(id) ?? 0) + 1);
  } else {
    for (const type of types) {
      const query = `actionType=${type}&from=${encodeURIComponent(since)}`;
      for await (const line of stage.admin.exportLines(query)) {
        const { id } = JSON.parse(line) as { id: string };
        stored.set(id, (stored.get(id) ?? 0) + 1);
      }
    }
  }
  const report = await stage.admin.call<{ gaps: unknown[] }>('GET', '/api/v1/audit/completeness?full=true');
  const acknowledged = new Set(ids);
  return {
    acknowledged: ids.length,
    stored: [...stored.values()].reduce((sum, n) => sum + n, 0),
    missing: ids.filter((id) => !stored.has(id)).length,
    doubled: ids.length - acknowledged.size + [...stored.values()].filter((n) => n > 1).length,
    unacknowledged: [...stored.keys()].filter((id) => !acknowledged.has(id)).length,
    gaps: report.gaps.length,
  };
}

interface Counters {
  readonly entries: number;
  readonly seconds: number;
}

/** How long appends took by the gateway's own clock. */
async function counters(stage: Stage): Promise<Counters | undefined> {
  const { own } = stage.target;
  if (!own) return undefined;
  const text = await (await fetch(own.metricsUrl)).text();
  const sum = (name: string) =>
    [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))].reduce(
      (n, match) => n + Number(match[1]),
      0,
    );
  return { entries: sum('audit_append_duration_seconds_count'), seconds: sum('audit_append_duration_seconds_sum') };
}

function meanAppend(before: Counters, after: Counters): number {
  return ((after.seconds - before.seconds) / (after.entries - before.entries)) * 1_000;
}

function bodyOf(entry: unknown, batch: number): unknown {
  return batch === 1 ? entry : { entries: Array.from({ length: batch }, () => entry) };
}

function holds(run: Measured): boolean {
  return run.all.percentile(95) < scenario.criteria.p95Ms && run.errorRate <= scenario.criteria.errorRate;
}

function bestOf(all: readonly Run[]): Run {
  return [...all].sort((a, b) => a.failed - b.failed || a.all.percentile(95) - b.all.percentile(95))[0]!;
}
