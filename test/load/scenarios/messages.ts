import { setTimeout as delay } from 'node:timers/promises';
import type { World } from '#libs/emulators/demo';
import { UsageError } from '../arguments.ts';
import { withDatabase } from '../gateway.ts';
import { requestBytes } from '../generator/calls.ts';
import type { Measured } from '../generator/generator.ts';
import { type Outcomes, outcomesOf, type Reply, type StoredMessage } from '../outcomes.ts';
import { addErrors, costInWords, type Criterion, type Report, runDetails, type Shares } from '../report.ts';
import { scenarios } from '../scenarios.ts';
import { bodyOf, FEWEST_PEOPLE, planMessages, type Receiver } from '../seed/messages.ts';
import { prepareAutoResponse } from '../seed/auto-response.ts';
import type { Stage } from '../stage.ts';
import { count, milliseconds, percent } from '../table.ts';

const scenario = scenarios.messages;
const WARM_UP_MS = 5_000;
const CONNECTIONS = 100;
/** Whatever is not done so long after the last message came counts as unfinished. */
const DRAINED_WITHIN_MS = 120_000;
const MARK = /load-r\d+-\d{6}/;

interface Round {
  readonly run: Measured & { readonly shares: Shares | undefined };
  readonly outcomes: Outcomes;
  /** From the end of the run until nothing was under way any more. */
  readonly drainMs: number;
}

/** Messages come by chance for many people; each has its reply, waits for its person, or is left alone. */
export async function messages(stage: Stage): Promise<Report> {
  const { options, say, world } = stage;
  const { databaseUrl } = stage.target.own ?? {};
  if (!databaseUrl || !world)
    throw new UsageError('messages starts a gateway and a mail system of its own: without --url.');
  if (world.people.length < FEWEST_PEOPLE)
    throw new UsageError(`messages needs ${FEWEST_PEOPLE} people or more: they write to one another.`);
  const people = await prepareAutoResponse(stage, world, databaseUrl);
  const rate = options.rate ?? scenario.rate;
  const durationMs = options.durationMs ?? scenario.durationSeconds * 1_000;
  const rounds: Round[] = [];
  for (let n = 1; n <= options.runs; n++) {
    say(
      `Run ${n} of ${options.runs}: ${count(rate)} messages/s by chance for ${milliseconds(durationMs)}, ${milliseconds(WARM_UP_MS)} of warm-up before`,
    );
    rounds.push(await round(stage, { world, databaseUrl, people, rate, durationMs: durationMs + WARM_UP_MS, n }));
  }
  return reportOf(rounds, { users: people.length, rate, durationMs, runs: options.runs });
}

async function round(
  stage: Stage,
  given: {
    readonly world: World;
    readonly databaseUrl: string;
    readonly people: readonly (Receiver & { readonly agentToken: string })[];
    readonly rate: number;
    readonly durationMs: number;
    readonly n: number;
  },
): Promise<Round> {
  const { people, rate, durationMs, n, world, databaseUrl } = given;
  const planned = planMessages({ rate, durationMs, seed: n, people: people.length, run: `r${n}` });
  const labels = scenario.mix.map(({ kind }) => kind);
  const calls = planned.map((message) => ({
    bytes: requestBytes(
      stage.address,
      'POST',
      scenario.path,
      people[message.user]!.agentToken,
      bodyOf(message, people),
    ),
    user: message.user,
    label: labels.indexOf(message.kind),
    status: 202,
  }));
  const generator = stage.generator(calls, labels, CONNECTIONS);
  const run = await stage.measure(generator, { model: { kind: 'open', rate, durationMs, seed: n } });
  const ended = performance.now();
  await drained(stage, databaseUrl);
  const drainMs = performance.now() - ended;
  const outcomes = outcomesOf({
    // Whatever was due in the last moment may not have been taken any more.
    sent: planned.slice(0, run.calls),
    stored: await storedMessages(databaseUrl, `r${n}`),
    replies: repliesIn(world, `r${n}`),
    startedAt: run.startedAt,
    warmUpMs: WARM_UP_MS,
    expected: Object.fromEntries(scenario.mix.map(({ kind, expect }) => [kind, expect])),
  });
  return { run, outcomes, drainMs };
}

/** Waits until nothing is under way, or for as long as anybody would. */
async function drained(stage: Stage, databaseUrl: string): Promise<void> {
  const deadline = performance.now() + DRAINED_WITHIN_MS;
  await withDatabase(databaseUrl, async (client) => {
    for (let shown = 0; performance.now() < deadline; shown++) {
      stage.signal.throwIfAborted();
      const { rows } = await client.query<{ n: number }>(
        `SELECT count(*)::int AS n FROM messages WHERE user_id LIKE 'load-%' AND state IN ('received', 'queued')`,
      );
      const { n } = rows[0]!;
      if (n === 0) return;
      if (shown % 10 === 0) stage.say(`  ${count(n)} under way`);
      await delay(200, undefined, { signal: stage.signal });
    }
  });
}

function storedMessages(databaseUrl: string, run: string): Promise<StoredMessage[]> {
  return withDatabase(databaseUrl, async (client) => {
    const { rows } = await client.query<Omit<StoredMessage, 'mark'> & { subject: string }>(
      `SELECT m.subject, m.state, coalesce(a.status = 'pending', false) AS waits,
         extract(epoch FROM m.accepted_at)::float8 * 1000 AS "acceptedAt",
         extract(epoch FROM m.decided_at)::float8 * 1000 AS "decidedAt",
         extract(epoch FROM m.sent_at)::float8 * 1000 AS "sentAt"
       FROM messages m LEFT JOIN approvals a ON a.tenant_id = m.tenant_id AND a.id = m.approval_id
       WHERE m.message_id LIKE $1`,
      [`<load-${run}-%`],
    );
    return rows.map(({ subject, ...row }) => ({ ...row, mark: MARK.exec(subject)![0] }));
  });
}

/** What the mail system has sent, each as often as it was. */
function repliesIn(world: World, run: string): Reply[] {
  return world.gmail.written.flatMap(({ operation, at, detail }) => {
    const mark = MARK.exec(String(detail.subject))?.[0];
    const isReply = operation === 'messages.send' && mark?.startsWith(`load-${run}-`);
    return isReply ? [{ mark: mark!, at: Date.parse(at) }] : [];
  });
}

function reportOf(rounds: readonly Round[], parameters: Record<string, unknown>): Report {
  const { p95Ms, aimMs, errorRate } = scenario.criteria;
  const best = [...rounds].sort((a, b) => p95Of(a) - p95Of(b))[0]!;
  const sum = (of: (round: Round) => number) => rounds.reduce((total, round) => total + of(round), 0);
  const worst = Math.max(...rounds.map(({ run }) => run.errorRate));
  const unexpected = rounds.flatMap(({ outcomes }) => Object.entries(outcomes.unexpected));
  const of = (name: keyof Outcomes['replies']) => sum(({ outcomes }) => outcomes.replies[name]);
  const lostMessages = sum(({ run, outcomes }) => Math.max(0, outcomes.missing - run.failed));
  const unfinished = sum(({ outcomes }) => outcomes.unfinished);
  const p95 = p95Of(best);
  const areInTime = best.outcomes.dispatch.count > 0 && p95 < p95Ms;
  const criteria: Criterion[] = [
    { what: `P95 from receipt to dispatch < ${p95Ms / 1_000} s: ${milliseconds(p95)}`, holds: areInTime },
    {
      what: `no errors: ${percent(worst)} of ${count(sum(({ run }) => run.calls))} messages`,
      holds: worst <= errorRate,
    },
    {
      what:
        `every accepted message at an end, or waiting as an approval: ${count(sum(({ outcomes }) => outcomes.stored))} accepted, ` +
        `${count(lostMessages)} lost, ${count(unfinished)} under way`,
      holds: lostMessages === 0 && unfinished === 0,
    },
    {
      what: `each became what it should: ${unexpected.length === 0 ? 'yes' : `not ${unexpected.map(([what, n]) => `${count(n)} × ${what}`).join(', ')}`}`,
      holds: unexpected.length === 0,
    },
    {
      what:
        `one reply at the receiver for each that wants one: ${count(of('wanted'))} wanted, ${count(of('received'))} received, ` +
        `${count(of('lost'))} lost, ${count(of('doubled'))} doubled, ${count(of('unasked'))} unasked`,
      holds: of('lost') === 0 && of('doubled') === 0 && of('unasked') === 0,
    },
  ];
  const { run, outcomes, drainMs } = best;
  const seconds = (ms: number) => Math.max(1, ms) / 1_000;
  const measuredMs = run.elapsedMs - WARM_UP_MS;
  return {
    scenario: 'messages',
    parameters,
    rows: [
      ...rounds.map((each, n) => ({
        title: rounds.length === 1 ? scenario.title : `${scenario.title}, run ${n + 1}`,
        latencies: each.outcomes.dispatch,
        throughput: each.outcomes.dispatch.count / seconds(each.run.elapsedMs - WARM_UP_MS),
        errorRate: each.run.errorRate,
        passes: p95Of(each) < p95Ms,
      })),
      ...scenario.mix.map(({ kind, expect }) => ({
        title: kind === expect ? `  ${kind}` : `  ${kind} → ${expect}`,
        latencies: outcomes.latencies.get(kind)!,
        throughput: outcomes.latencies.get(kind)!.count / seconds(measuredMs),
        errorRate: 0,
      })),
      { title: '  accepted (202)', latencies: run.all, throughput: run.throughput, errorRate: run.errorRate },
    ],
    criteria,
    errors: addErrors(rounds.map((each) => each.run)),
    shares: run.shares,
    notes: [
      `The aim, P95 < ${milliseconds(aimMs)}: ${p95 < aimMs ? 'reached' : 'missed'}.`,
      `Replies count from when a message was due to their arrival at the mail system, the others until it was decided what becomes of them.`,
      `The gateway's own account, from acceptance to sent: P50 ${milliseconds(outcomes.own.percentile(50))}, P95 ${milliseconds(outcomes.own.percentile(95))}.`,
      `Nothing was under way any more ${milliseconds(drainMs)} after the last answer. The mail system runs in the harness: "other work" is its too.`,
      ...(run.shares ? [costInWords(run.shares, run.throughput)] : []),
      `Warm-up of ${milliseconds(WARM_UP_MS)} excluded from the latencies but those of acceptance, included in the counts.`,
    ],
    details: {
      runs: rounds.map((each) => ({
        ...runDetails(each.run),
        shares: each.run.shares,
        drainMs: each.drainMs,
        outcomes: {
          ...each.outcomes,
          dispatch: each.outcomes.dispatch.summary(),
          own: each.outcomes.own.summary(),
          latencies: Object.fromEntries(
            [...each.outcomes.latencies].map(([kind, latencies]) => [kind, latencies.summary()]),
          ),
        },
      })),
    },
  };
}

function p95Of({ outcomes }: Round): number {
  return outcomes.dispatch.percentile(95);
}
