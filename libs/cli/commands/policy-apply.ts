import { basename } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ApiClient } from '../api/client.ts';
import { waitForRevision } from '../api/revision.ts';
import { type Registry, runs, teach } from '../command.ts';
import type { Context } from '../context.ts';
import { CliError, EXIT } from '../errors.ts';
import type { PolicyEntry } from '../policy-files/entry.ts';
import { type Planned, planStep } from '../policy-files/plan.ts';
import { problemLine } from '../policy-files/problems.ts';
import { moduleProblems } from '../policy-files/modules.ts';
import { readPolicyFiles } from '../policy-files/read.ts';
import { ApplyReport } from './policy-apply-report.ts';
import { allPolicies, type PolicyView } from './policy-list.ts';

interface ApplyOptions {
  readonly status?: 'draft' | 'active';
  readonly reason?: string;
  readonly dryRun?: boolean;
  readonly wait: boolean;
  readonly timeout: number;
}

export function registerApply(group: Command, registry: Registry): void {
  const command = group
    .command('apply')
    .argument('<file...>', 'PolicyBundles and policies; several documents a file are fine')
    .summary('bring policy files to the service')
    .description(
      'Creates the policies of the files, or changes them where the version in the file is higher, widest scope first; then ' +
        'waits until every replica decides by them. A policy is known by its scope, domain and name. Files with problems ' +
        'are not applied at all. At the first refusal the rest is left alone. A policy that is a Rego module has, in place of ' +
        '"content:", either "rego: |" with the module or "regoFile:" with its file, named from where the YAML file is.',
    )
    .addOption(
      new Option('--status <status>', 'state of what is written (default: as the file says, else active)').choices([
        'active',
        'draft',
      ]),
    )
    .option('--reason <words>', 'why, for the audit log (default: changeReason of the file)')
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('--no-wait', 'do not wait for the replicas')
    .option('--timeout <seconds>', 'wait for the replicas so long at most', seconds, 60);
  teach(command, {
    examples: [
      'oce policy apply policies/acme.yaml --reason "Mail needs approval" --as admin@acme.test',
      'oce policy apply policies/*.yaml --dry-run',
      'oce policy apply draft.yaml --status draft',
    ],
    exits: { 1: 'a file has problems, a policy was refused, or a replica did not follow in time' },
  });
  runs<ApplyOptions>(command, registry, async (context, options, files) => {
    const entries = await readEntries(context, files);
    const api = await context.api();
    const existing = await existingAt(api, entries);
    const plan = entries.map((entry): Planned => {
      const status = options.status ?? entry.status ?? 'active';
      return { entry, step: planStep(entry, existing.get(keyOf(entry)), status) };
    });
    const refused = plan.filter(({ step }) => step.kind === 'refused');
    const report = new ApplyReport(context, options.dryRun === true);
    if (options.dryRun || refused.length > 0) {
      for (const planned of refused.length > 0 ? refused : plan) report.add(planned);
      report.end();
      return refused.length > 0 ? EXIT.failed : EXIT.ok;
    }
    const changed = await applyAll(api, plan, options, report);
    if (changed === undefined || !options.wait) {
      report.end();
      return EXIT.ok;
    }
    const propagated = await waitForRevision(api, { ...context.world, timeoutMs: options.timeout * 1000 });
    report.propagated(propagated, context.world.now() - changed);
    report.end();
    return propagated.behind.length === 0 ? EXIT.ok : EXIT.failed;
  });
}

/** The policies of the files, widest scope first, so that each finds above it what the files put there. */
export async function readEntries(context: Context, files: readonly string[]): Promise<PolicyEntry[]> {
  const rules = await context.world.parts.rules();
  const { entries, problems: faults, bare, bareModules } = await readPolicyFiles(files, { rules });
  const modules = entries.flatMap(({ module }) => module ?? []);
  const problems = [...faults, ...(modules.length > 0 ? await moduleProblems(modules, await context.modules()) : [])];
  if (problems.length > 0) {
    throw new CliError(
      `The files have problems; nothing was sent.\n${problems.map((problem) => `  ${problemLine(problem)}`).join('\n')}`,
    );
  }
  if (bare > 0) {
    throw new CliError(
      bareModules.length > 0
        ? 'A Rego module alone says neither where it holds nor what it is called; nothing was sent.'
        : 'A rules document alone says neither where it holds nor what it is called; nothing was sent.',
      undefined,
      bareModules.length > 0
        ? `Write a policy with scope, scopeId, domain, name, version and "regoFile: ${basename(bareModules[0]!.file)}".`
        : 'Put it under "content:" of a policy with scope, scopeId, domain, name and version.',
    );
  }
  return [...entries].sort((a, b) => rules.scopes.indexOf(a.scope) - rules.scopes.indexOf(b.scope));
}

/** What the service has where the entries belong, one request a place. */
export async function existingAt(api: ApiClient, entries: readonly PolicyEntry[]): Promise<Map<string, PolicyView>> {
  const places = new Map(entries.map(({ scope, scopeId }) => [`${scope}:${scopeId}`, { scope, scopeId }]));
  const found = new Map<string, PolicyView>();
  for (const place of places.values()) {
    for (const policy of await allPolicies(api, place)) {
      if (policy.status !== 'deprecated') found.set(keyOf(policy), policy);
    }
  }
  return found;
}

/** How a policy is known: by scope, domain and name. */
export function keyOf({
  scope,
  scopeId,
  domain,
  name,
}: Pick<PolicyEntry, 'scope' | 'scopeId' | 'domain' | 'name'>): string {
  return JSON.stringify([scope, scopeId, domain, name]);
}

/** @returns when the last change that decides was sent; undefined where nothing that decides was changed */
async function applyAll(
  api: ApiClient,
  plan: readonly Planned[],
  options: ApplyOptions,
  report: ApplyReport,
): Promise<number | undefined> {
  let changed: number | undefined;
  for (const [at, planned] of plan.entries()) {
    const { step } = planned;
    const sent = report.now();
    try {
      await write(api, planned, options.reason);
    } catch (error) {
      report.stopped(planned, plan.slice(at + 1));
      report.end();
      throw error;
    }
    report.add(planned);
    if (step.kind === 'update' || (step.kind === 'create' && step.status === 'active')) changed = sent;
  }
  return changed;
}

async function write(api: ApiClient, { entry, step }: Planned, reason: string | undefined): Promise<void> {
  const { scope, scopeId, domain, name, version } = entry;
  const text = entry.module ? { rego: entry.module.source } : { content: entry.content };
  const changeReason = reason ?? entry.changeReason ?? 'Applied with oce policy apply';
  if (step.kind === 'create') {
    const { status } = step;
    await api.post('/api/v1/policies', { scope, scopeId, domain, name, version, ...text, changeReason, status });
  }
  if (step.kind === 'update') {
    const { id, from, status } = step;
    await api.put(`/api/v1/policies/${encodeURIComponent(id)}`, from, { version, ...text, changeReason, status });
  }
}

function seconds(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0 || value > 3600)
    throw new InvalidArgumentError('It must be 0 to 3600 seconds.');
  return value;
}
