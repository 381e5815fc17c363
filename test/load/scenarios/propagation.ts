import { setTimeout as delay } from 'node:timers/promises';
import { Api, ApiError } from '../api.ts';
import { Latencies } from '../latencies.ts';
import type { Report } from '../report.ts';
import { scenarios } from '../scenarios.ts';
import type { Stage } from '../stage.ts';
import { count, milliseconds } from '../table.ts';

const scenario = scenarios.propagation;
const POLL_MS = 2;
const GIVE_UP_MS = 120_000;
/** An action that no policy but ours names. */
const ACTION = 'load_probe';
/** In turn, so that each change flips what is decided. */
const TURNS = [
  { autonomy: 'block', decision: 'deny' },
  { autonomy: 'approve', decision: 'require_approval' },
] as const;

/** From sending a change until OPA decides by it, seen from outside: an evaluation that flips, and the reported revision. */
export async function propagation(stage: Stage): Promise<Report> {
  const { options, admin, say } = stage;
  const changes = options.changes ?? scenario.changes;
  const { users } = await stage.people(1);
  const [user] = users;
  const assistant = new Api(stage.target.url, user!.token);
  const { id } = await admin.call<{ id: string }>('POST', '/api/v1/policies', {
    scope: 'user',
    scopeId: user!.id,
    domain: 'actions',
    name: `Propagation probe ${Date.now()}`,
    version: '1.0.0',
    content: JSON.stringify({ actions: { [ACTION]: 'approve' } }),
    changeReason: 'load test',
    status: 'active',
  });
  await admin.settled(GIVE_UP_MS, stage.signal);

  const [decides, reported, answered] = [new Latencies(), new Latencies(), new Latencies()];
  const errors: Record<string, number> = {};
  const started = performance.now();
  for (let n = 0; n < changes; n++) {
    stage.signal.throwIfAborted();
    const turn = TURNS[n % TURNS.length]!;
    const before = (await admin.revision()).wanted;
    const sent = performance.now();
    const since = () => performance.now() - sent;
    const put = admin
      .call('PUT', `/api/v1/policies/${id}`, {
        version: `1.0.${n + 1}`,
        content: JSON.stringify({ actions: { [ACTION]: turn.autonomy } }),
        changeReason: 'load test',
      })
      .then(() => answered.record(since()));
    const flips = poll(stage, errors, async () => {
      const { decision } = await assistant.call<{ decision: string }>('POST', '/api/v1/policy/evaluate', {
        action: ACTION,
      });
      return decision === turn.decision;
    }).then(() => decides.record(since()));
    const runs = poll(stage, errors, async () => {
      const { wanted, replicas } = await admin.revision();
      return wanted > before && replicas.length > 0 && replicas.every((replica) => replica.active > before);
    }).then(() => reported.record(since()));
    await Promise.all([put, flips, runs]);
    say(
      `  ${String(n + 1).padStart(4)}  decides after ${milliseconds(decides.max)} at most, P50 ${milliseconds(decides.percentile(50))}`,
    );
  }
  const seconds = (performance.now() - started) / 1_000;
  const { maxMs } = scenario.criteria;
  const row = (title: string, latencies: Latencies) => ({
    title,
    latencies,
    throughput: changes / seconds,
    errorRate: 0,
    passes: latencies.max < maxMs,
  });
  return {
    scenario: 'propagation',
    parameters: { changes, policies: options.policies ?? 'demo' },
    rows: [
      row('Change sent → OPA decides by it', decides),
      row('Change sent → revision reported', reported),
      row('Change sent → answered', answered),
    ],
    criteria: [
      {
        what: `every change in force within ${milliseconds(maxMs)}: ${milliseconds(decides.max)} at most`,
        holds: decides.max < maxMs,
      },
    ],
    errors,
    notes: [
      `${count(changes)} changes one after another, of ${options.policies === undefined ? 'the demo policies' : `${count(options.policies)} active policies`}; longest ${milliseconds(decides.max)}, looked for every ${POLL_MS} ms.`,
    ],
  };
}

async function poll(stage: Stage, errors: Record<string, number>, isThere: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + GIVE_UP_MS;
  const look = () =>
    isThere().catch((error: unknown) => {
      if (!(error instanceof ApiError) || !error.isPassing) throw error;
      const kind = `${error.status} while the change was looked for`;
      errors[kind] = (errors[kind] ?? 0) + 1;
      return false;
    });
  while (!(await look())) {
    if (performance.now() > deadline) throw new Error(`A change is not in force after ${milliseconds(GIVE_UP_MS)}.`);
    await delay(POLL_MS, undefined, { signal: stage.signal });
  }
}
