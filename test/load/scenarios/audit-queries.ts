import { kindsOf, prepare, requestBytes } from '../generator/calls.ts';
import type { PreparedCall } from '../generator/protocol.ts';
import { addErrors, type Report, runDetails } from '../report.ts';
import { scenarios } from '../scenarios.ts';
import { DEMO_AUTHORS, fillAuditLog } from '../seed/audit-entries.ts';
import type { Stage } from '../stage.ts';
import { count, milliseconds, percent } from '../table.ts';

const scenario = scenarios['audit-queries'];
const DAY_MS = 86_400_000;
const DAYS = 75;
const WRITERS = 50;

/** A filter as people ask it, with a value that changes from call to call. */
type Ask = (n: number, random: (below: number) => number) => Record<string, string>;

/** Every filter of the API page, the pairs that people use, and the people whose reach is part of the log. */
function asks(userIds: readonly string[], to: number): Record<string, { as: string; ask: Ask }> {
  const user: Ask = (_, random) => ({ userId: userIds[random(userIds.length)]! });
  const day: Ask = (_, random) => {
    const start = to - (1 + random(DAYS - 2)) * DAY_MS;
    return { from: new Date(start).toISOString(), to: new Date(start + DAY_MS).toISOString() };
  };
  const one =
    (name: string, values: readonly string[]): Ask =>
    (n) => ({ [name]: values[n % values.length]! });
  const type = one('actionType', [
    'policy_decision',
    'tool_invocation',
    'model_call',
    'data_access',
    'sign_in',
    'admin',
  ]);
  const outcome = one('outcome', ['success', 'denied', 'error', 'pending_approval']);
  const result = one('policyResult', ['allow', 'deny', 'require_approval']);
  const label = one('classification', ['public', 'internal', 'confidential', 'restricted']);
  const source = one('source', ['gmail', 'gcal', 'jira', 'github', 'gdrive']);
  const words = one('q', ['invoice', 'contract sprint', 'outage', 'migration incident', 'jira_comment denied']);
  const request: Ask = (_, random) => ({ requestId: `req-${random(300_000)}` });
  const both =
    (...parts: Ask[]): Ask =>
    (n, random) =>
      Object.assign({}, ...parts.map((part) => part(n, random))) as never;
  const everybody = 'admin@acme.test';
  const admin = (ask: Ask) => ({ as: everybody, ask });
  return {
    'no filter': admin(() => ({})),
    userId: admin(user),
    actionType: admin(type),
    policyResult: admin(result),
    outcome: admin(outcome),
    classification: admin(label),
    requestId: admin(request),
    source: admin(source),
    q: admin(words),
    'from, to (a day)': admin(day),
    'userId, day': admin(both(user, day)),
    'userId, actionType': admin(both(user, type)),
    'userId, outcome': admin(both(user, outcome)),
    'actionType, outcome': admin(both(type, outcome)),
    'actionType, day': admin(both(type, day)),
    'outcome=denied, day': admin(both(() => ({ outcome: 'denied' }), day)),
    'actionType, policyResult': admin(both(type, result)),
    'a type and an outcome that never meet': admin(() => ({ actionType: 'model_call', outcome: 'denied' })),
    'a type and a result that never meet': admin(() => ({ actionType: 'tool_invocation', policyResult: 'allow' })),
    'actionType that is nowhere': admin(() => ({ actionType: 'approval' })),
    'policyResult, classification': admin(both(result, label)),
    'source, classification': admin(both(source, label)),
    'source, actionType': admin(both(source, type)),
    'source that is nowhere': admin(() => ({ source: 'nowhere' })),
    'q, words that never meet': admin(() => ({ q: 'summarise email_send' })),
    'q, words that seldom meet': admin(
      one('q', ['sprint outage audit', 'invoice zebra', 'travel hiring jira_comment']),
    ),
    'q, word of medium frequency': admin((_, random) => ({ q: `results ${random(40)}` })),
    'q, rare word': admin((_, random) => ({ q: `t-${random(9_000)}` })),
    'q, word that is nowhere': admin(() => ({ q: 'zebra' })),
    'q, actionType': admin(both(words, type)),
    'q, outcome': admin(both(words, outcome)),
    'q, source': admin(both(words, source)),
    'q, day': admin(both(words, day)),
    'q, userId': admin(both(words, user)),
    'source, userId': admin(both(source, user)),
    'org admin: no filter': { as: 'olga@acme.test', ask: () => ({}) },
    'org admin: actionType': { as: 'olga@acme.test', ask: type },
    'org admin: q': { as: 'olga@acme.test', ask: words },
    'team lead: no filter': { as: 'tomas@acme.test', ask: () => ({}) },
    'team lead: outcome': { as: 'tomas@acme.test', ask: outcome },
    'team lead: actionType': { as: 'tomas@acme.test', ask: type },
    'team lead: q': { as: 'tomas@acme.test', ask: words },
    'team lead: q, words that never meet': { as: 'tomas@acme.test', ask: () => ({ q: 'summarise email_send' }) },
    'org admin: outcome': { as: 'olga@acme.test', ask: outcome },
    'org admin: q, words that never meet': { as: 'olga@acme.test', ask: () => ({ q: 'summarise email_send' }) },
    'user: q': { as: 'alice@acme.test', ask: words },
    'user: outcome': { as: 'alice@acme.test', ask: outcome },
    'user: no filter': { as: 'alice@acme.test', ask: () => ({}) },
    'user: actionType, day': { as: 'alice@acme.test', ask: both(type, day) },
  };
}

/** GET /audit over a full log, while entries are written through the API. */
export async function auditQueries(stage: Stage): Promise<Report> {
  const { options, say, target, signal } = stage;
  const entries = options.entries ?? scenario.entries;
  const { people, users } = await stage.people(WRITERS);
  const own = target.own!;
  const authors = [
    ...people.map(({ id, orgId, teamId }) => ({ userId: id, orgId, teamIds: [teamId] })),
    ...Array.from({ length: 10 }, () => DEMO_AUTHORS).flat(),
  ];
  const to = new Date();
  const from = new Date(to.getTime() - DAYS * DAY_MS);
  say(`Filling the log with ${count(entries)} entries over ${DAYS} days …`);
  const filling = performance.now();
  let told = 0;
  const progress = (done: number) => {
    if (done - told < entries / 20 && done < entries) return;
    told = done;
    say(`  ${count(done)} entries after ${milliseconds(performance.now() - filling)}`);
  };
  await fillAuditLog(own.databaseUrl, { entries, authors, from, to, progress, signal });

  const kinds = asks([...new Set(authors.map((author) => author.userId))], to.getTime());
  const labels = Object.keys(kinds);
  const readers = options.users ?? scenario.readers;
  const reading: PreparedCall[] = [];
  for (const [label, { as, ask }] of Object.entries(kinds)) {
    const token = await target.token(as);
    for (let n = 0; n < scenario.callsPerFilter; n++) {
      const random = (below: number) => (Math.imul(n * 7_919 + label.length * 104_729 + 1, 0x9e3779b1) >>> 0) % below;
      const query = new URLSearchParams(ask(n, random)).toString();
      const path = `/api/v1/audit${query === '' ? '' : `?${query}`}`;
      reading.push({
        bytes: requestBytes(stage.address, 'GET', path, token),
        user: 0,
        label: labels.indexOf(label),
        status: 200,
      });
    }
  }
  // Mixed, so that no filter is measured on a cache that it alone has warmed.
  const mixed = reading.map((call, i) => ({ ...call, user: i % readers }));
  const order = mixed.map((call, i) => ({ call, at: (Math.imul(i + 1, 0x9e3779b1) >>> 0) / 4_294_967_296 }));
  order.sort((a, b) => a.at - b.at);

  const writeLabels = kindsOf(scenarios.audit.mix);
  const { path, mix } = scenarios.audit;
  const writing = prepare({
    ...{ target: stage.address, path, status: 201, users, mix, labels: writeLabels },
    body: (call, { id }) => ({ ...call.body, userId: id }),
  });
  const writer = stage.generator(writing, writeLabels, WRITERS);
  const reader = stage.generator(
    order.map(({ call }) => call),
    labels,
    readers,
  );

  const rate = options.rate ?? scenario.writesPerSecond;
  const longest = 15 * 60_000;
  const enough = new AbortController();
  const ends = AbortSignal.any([enough.signal, signal]);
  say(`Writing ${count(rate)} entries/s through the API; ${readers} readers ask ${count(order.length)} times …`);
  const writes = writer.run(
    { model: { kind: 'open', rate, durationMs: longest, isBackground: true } },
    () => undefined,
    ends,
  );
  await new Promise((resume) => setTimeout(resume, 3_000));
  const warm = await stage.measure(reader, { model: { kind: 'closed', users: readers, durationMs: 5_000 } }, true);
  const callsPerUser = Math.ceil(order.length / readers);
  const run = await stage.measure(reader, { model: { kind: 'closed', users: readers, callsPerUser } });
  enough.abort();
  const written = await writes;

  const { p95Ms, errorRate } = scenario.criteria;
  const rows = labels.map((label, i) => {
    const latencies = run.byLabel[i]!;
    const passes = latencies.percentile(95) < p95Ms;
    return { title: label, latencies, throughput: (latencies.count * 1_000) / run.elapsedMs, errorRate: 0, passes };
  });
  const slow = rows.filter((row) => !row.passes).map((row) => row.title);
  const rows0 = { title: 'All queries', latencies: run.all, throughput: run.throughput, errorRate: run.errorRate };
  const beside = {
    title: 'Writes beside them',
    latencies: written.all,
    throughput: written.throughput,
    errorRate: written.errorRate,
  };
  return {
    scenario: 'audit-queries',
    parameters: { entries, days: DAYS, readers, writesPerSecond: rate, callsPerFilter: scenario.callsPerFilter },
    rows: [...rows, rows0, beside],
    criteria: [
      {
        what: `P95 of every filter < ${p95Ms} ms${slow.length > 0 ? `; not: ${slow.join('; ')}` : ''}`,
        holds: slow.length === 0,
      },
      {
        what: `no errors: ${percent(run.errorRate)} of ${count(run.calls)} queries`,
        holds: run.errorRate <= errorRate,
      },
    ],
    errors: addErrors([run, written]),
    shares: run.shares && { ...run.shares, generator: run.shares.generator + written.cpuMs / written.elapsedMs },
    notes: [
      `${count(written.calls)} entries were written meanwhile. Warm-up of ${count(warm.calls)} queries excluded.`,
      'The page asked for has 50 entries, the default.',
    ],
    details: { ...runDetails(run), shares: run.shares, writes: runDetails(written) },
  };
}
