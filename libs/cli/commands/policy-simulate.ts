import { type Command, InvalidArgumentError } from 'commander';
import { type Registry, runs, teach } from '../command.ts';
import { type Simulation, simulationLines } from '../format/simulation.ts';
import { moment } from './audit-filters.ts';
import { existingAt, keyOf, readEntries } from './policy-apply.ts';

interface SimulateOptions {
  readonly from?: string;
  readonly to?: string;
  readonly limit?: number;
}

export function registerSimulate(group: Command, registry: Registry): void {
  const command = group
    .command('simulate')
    .argument('<file...>', 'PolicyBundles and policies; each policy is tried by itself')
    .summary('which recorded decisions would a policy change?')
    .description(
      'Lets the service evaluate recorded decisions with the present policies and with each policy of the files, in ' +
        'place of the one of the same scope, domain and name, and shows which would come out differently. Nothing is written.',
    )
    .option('--from <time>', 'decisions from here on, ISO 8601 (without a zone: local time)', moment)
    .option('--to <time>', 'decisions up to here', moment)
    .option('--limit <number>', 'so many decisions, the newest first (default 500, at most 5000)', decisions);
  teach(command, {
    examples: [
      'oce policy simulate draft.yaml --as admin@acme.test',
      'oce policy simulate draft.yaml --from 2026-01-01T00:00:00Z --limit 5000 --json',
    ],
    exits: { 0: 'tried, whatever would change', 1: 'a file has problems, or a policy could not be tried' },
  });
  runs<SimulateOptions>(command, registry, async (context, { from, to, limit }, files) => {
    const entries = await readEntries(context, files);
    const api = await context.api();
    const existing = await existingAt(api, entries);
    const results: ({ policy: string } & Simulation)[] = [];
    for (const entry of entries) {
      const { scope, scopeId, domain, name, version } = entry;
      const policyId = existing.get(keyOf(entry))?.id;
      const draft = {
        scope,
        scopeId,
        domain,
        ...(entry.module ? { rego: entry.module.source } : { content: entry.content }),
        name,
        version,
        ...(policyId && { policyId }),
      };
      const body = { draft, ...(from && { from }), ...(to && { to }), ...(limit && { limit }) };
      const simulation = await api.post<Simulation>('/api/v1/policies/simulate', body);
      results.push({ policy: `${name} ${version} (${scope} ${scopeId})`, ...simulation });
    }
    const { terminal } = context;
    if (context.asJson) terminal.json({ items: results });
    else {
      for (const { policy, ...simulation } of results) {
        for (const line of simulationLines(policy, simulation, terminal.width)) terminal.out(line);
      }
    }
  });
}

function decisions(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 5_000) throw new InvalidArgumentError('It must be 1 to 5000.');
  return value;
}
