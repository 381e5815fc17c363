import { writeFileSync } from 'node:fs';
import { type LoadOptions, parseArguments, PLANNED, type ScenarioName, USAGE, UsageError } from './arguments.ts';
import { runningGateway, startOwnGateway } from './gateway.ts';
import { passes, render, type Report, toJson } from './report.ts';
import { audit } from './scenarios/audit.ts';
import { auditQueries } from './scenarios/audit-queries.ts';
import { briefing } from './scenarios/briefing.ts';
import { connectors } from './scenarios/connectors.ts';
import { memory } from './scenarios/memory.ts';
import { messages } from './scenarios/messages.ts';
import { policy } from './scenarios/policy.ts';
import { propagation } from './scenarios/propagation.ts';
import { scenarios } from './scenarios.ts';
import { loadPeople, workerOf } from './seed/people.ts';
import { fillWorld, hostsOf, worldOf } from './seed/work.ts';
import { websocket } from './scenarios/websocket.ts';
import { Stage } from './stage.ts';

const SCENARIOS: Record<ScenarioName, (stage: Stage) => Promise<Report>> = {
  briefing,
  messages,
  policy,
  audit,
  connectors,
  propagation,
  'audit-queries': auditQueries,
  memory,
  websocket,
};

/** @returns the exit code: 0 all criteria hold, 1 one fails, 2 it could not be run */
export async function main(argv: readonly string[], say: (line: string) => void): Promise<number> {
  let options: LoadOptions;
  try {
    options = parseArguments(argv);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    say(`${error.message}\n\n${USAGE}`);
    return 2;
  }
  if (options.help) {
    say(USAGE);
    return 0;
  }
  const { scenario } = options;
  if (isPlanned(scenario)) {
    say(`The scenario "${scenario}" is not there yet: what it puts under load is not built.`);
    return 2;
  }

  const giveUp = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => giveUp.abort(new Error(name)));
  if (process.connected) process.on('disconnect', () => giveUp.abort(new Error('the starting process is gone')));
  const startedAt = new Date();
  try {
    const report = await perform(options, SCENARIOS[scenario], say, giveUp.signal);
    say(render(report));
    if (options.json !== undefined)
      writeFileSync(options.json, `${JSON.stringify(toJson(report, startedAt), null, 2)}\n`);
    return passes(report) ? 0 : 1;
  } catch (error) {
    say(
      giveUp.signal.aborted ? `Stopped (${(giveUp.signal.reason as Error).message}).` : String((error as Error).stack),
    );
    return 2;
  }
}

async function perform(
  options: LoadOptions,
  scenario: (stage: Stage) => Promise<Report>,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<Report> {
  const world = await systemsFor(options, say);
  // What has been read stays as it is while a run goes on.
  const reaching: Record<string, string> = world
    ? { CONNECTOR_PRIVATE_HOSTS: hostsOf(world), CONNECTOR_SYNC_INTERVAL_SECONDS: '86400' }
    : {};
  try {
    if (options.url === undefined) say('Starting a gateway with the embedded profile for this run …');
    const target =
      options.url === undefined
        ? await startOwnGateway(say, signal, reaching)
        : runningGateway(options.url, options.token!);
    try {
      const stage = await Stage.set(target, options, say, signal, world);
      try {
        return await scenario(stage);
      } finally {
        await stage.clear();
      }
    } finally {
      await target.stop();
    }
  } finally {
    await world?.close();
  }
}

/** Emulated systems with everybody's work, for the scenarios that read them; empty mailboxes where messages are brought. */
async function systemsFor({ scenario, users, url }: LoadOptions, say: (line: string) => void) {
  const readsSystems = scenario === 'briefing' || scenario === 'connectors' || scenario === 'messages';
  if (!readsSystems || url !== undefined) return undefined;
  const n = users ?? scenarios[scenario].users;
  const world = await worldOf(loadPeople(n).map(workerOf));
  if (scenario === 'messages') return world;
  fillWorld(world, Date.now());
  say(`Emulated systems hold the work of ${n} people.`);
  return world;
}

function isPlanned(name: string): name is (typeof PLANNED)[number] {
  return (PLANNED as readonly string[]).includes(name);
}
