import { kindsOf, prepare } from '../generator/calls.ts';
import { type Criterion, type Report, runDetails } from '../report.ts';
import { scenarios } from '../scenarios.ts';
import { type Trend, trendOf } from '../slope.ts';
import type { Stage } from '../stage.ts';
import { count, mebibytes, milliseconds, percent } from '../table.ts';
import { snapshot } from '../usage.ts';
import { UsageError } from '../arguments.ts';

const scenario = scenarios.memory;

interface Sample {
  /** Since the start, in seconds. */
  readonly at: number;
  readonly gatewayRss: number;
  readonly gatewayHeap: number;
  readonly opaRss: number;
}

const SERIES = {
  gatewayRss: 'gateway, resident',
  gatewayHeap: 'gateway, heap in use',
  opaRss: 'OPA, resident',
} as const;

/** Policy and audit calls at full load for minutes: does memory level off? */
export async function memory(stage: Stage): Promise<Report> {
  const { options, say, target } = stage;
  const { own } = target;
  if (!own) throw new UsageError('memory looks at the processes of a gateway of its own: without --url.');
  const users = options.users ?? scenario.users;
  const durationMs = options.durationMs ?? scenario.durationSeconds * 1_000;
  const { users: virtual } = await stage.people(users);
  const labels = [...kindsOf(scenarios.policy.mix), ...kindsOf(scenarios.audit.mix)];
  const common = { target: stage.address, users: virtual, labels };
  // One of each in turn.
  const decide = prepare({
    ...{ ...common, path: scenarios.policy.path, mix: scenarios.policy.mix, status: 200 },
    body: (call, { id }) => ({ ...call.body, subject: { userId: id } }),
  });
  const record = prepare({
    ...{ ...common, path: scenarios.audit.path, mix: scenarios.audit.mix, status: 201 },
    body: (call, { id }) => ({ ...call.body, userId: id }),
  });
  const calls = decide.flatMap((call, i) => [call, record[i % record.length]!]);
  const generator = stage.generator(calls, labels, users);

  const samples: Sample[] = [];
  const started = performance.now();
  const look = async () => {
    const sample = await sampleOf(own, (performance.now() - started) / 1_000);
    samples.push(sample);
    say(
      `        memory: gateway ${mebibytes(sample.gatewayRss)} (heap ${mebibytes(sample.gatewayHeap)}), OPA ${mebibytes(sample.opaRss)}`,
    );
  };
  const timer = setInterval(() => void look().catch(() => undefined), scenario.sampleSeconds * 1_000);
  const model =
    options.rate === undefined
      ? ({ kind: 'closed', users, durationMs } as const)
      : ({ kind: 'open', rate: options.rate, durationMs } as const);
  const run = await stage.measure(generator, { model }).finally(() => clearInterval(timer));

  const tolerance = scenario.criteria.growth;
  const trends = Object.entries(SERIES).map(([key, title]) => ({
    title,
    trend: trendOf(
      samples.map((sample) => ({ x: sample.at / 60, y: sample[key as keyof typeof SERIES] })),
      tolerance,
    ),
  }));
  const criteria: Criterion[] = trends.map(({ title, trend }) => ({
    what: inWords(title, trend),
    holds: trend.isFlat,
  }));
  return {
    scenario: 'memory',
    parameters: { users, model, sampleSeconds: scenario.sampleSeconds },
    rows: [{ title: scenario.title, latencies: run.all, throughput: run.throughput, errorRate: run.errorRate }],
    criteria,
    errors: run.errors,
    shares: run.shares,
    notes: [
      `${count(run.calls)} calls in ${milliseconds(run.elapsedMs)}, ${count(samples.length)} samples; the first third is left out of the slopes.`,
      `Flat means: the fitted line grows by at most ${percent(tolerance)} of the mean over the rest of the run.`,
    ],
    details: { ...runDetails(run), samples, trends },
  };
}

function inWords(title: string, { slope, mean, growth, isFlat }: Trend): string {
  const aMinute = `${slope >= 0 ? '+' : ''}${(slope / 1_048_576).toFixed(2)} MiB/min`;
  return `${title}: mean ${mebibytes(mean)}, ${aMinute}, ${(growth * 100).toFixed(1)} % over the run → ${isFlat ? 'flat' : 'growing'}`;
}

async function sampleOf(own: { pid: number; metricsUrl: string }, at: number): Promise<Sample> {
  const text = await (await fetch(own.metricsUrl)).text();
  const { residentBytes } = snapshot(own.pid);
  const metric = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? 0);
  return {
    at,
    gatewayRss: metric('process_resident_memory_bytes') || residentBytes.gateway,
    gatewayHeap: metric('nodejs_heap_size_used_bytes'),
    opaRss: residentBytes.opa,
  };
}
