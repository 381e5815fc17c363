import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ApiClient } from '../api/client.ts';
import { type Propagated, waitForRevision } from '../api/revision.ts';
import { type Registry, runs, teach } from '../command.ts';
import type { Context } from '../context.ts';
import { CliError, EXIT } from '../errors.ts';
import { printable } from '../format/printable.ts';
import type { PolicyEntry } from '../policy-files/entry.ts';
import { planStep, type Step } from '../policy-files/plan.ts';
import { problemLine } from '../policy-files/problems.ts';
import { readPolicyFiles } from '../policy-files/read.ts';
import { allPolicies, type PolicyView } from './policy-list.ts';

interface ApplyOptions {
  readonly status?: 'draft' | 'active';
  readonly reason?: string;
  readonly dryRun?: boolean;
  readonly wait: boolean;
  readonly timeout: number;
}

interface Planned {
  readonly entry: PolicyEntry;
  readonly step: Step;
}

export function registerApply(group: Command, registry: Registry): void {
  const command = group
    .command('apply')
    .argument('<file...>', 'PolicyBundles and policies; several documents a file are fine')
    .summary('bring policy files to the service')
    .description(
      'Creates the policies of the files, or changes them where the version in the file is higher, widest scope first; then ' +
        'waits until every replica decides by them. A policy is known by its scope, domain and name. Files with problems ' +
        'are not applied at all. At the first refusal the rest is left alone.',
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
    const plan: Planned[] = [];
    for (const entry of entries) {
      const existing = await findExisting(api, entry);
      plan.push({ entry, step: planStep(entry, existing, options.status ?? entry.status ?? 'active') });
    }
    const refused = plan.filter(({ step }) => step.kind === 'refused');
    const report = new Report(context, options.dryRun === true);
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
async function readEntries(context: Context, files: readonly string[]): Promise<PolicyEntry[]> {
  const rules = await context.world.parts.rules();
  const { entries, problems } = await readPolicyFiles(files, { rules });
  if (problems.length > 0) {
    throw new CliError(
      `The files have problems; nothing was sent.\n${problems.map((problem) => `  ${problemLine(problem)}`).join('\n')}`,
    );
  }
  return [...entries].sort((a, b) => rules.scopes.indexOf(a.scope) - rules.scopes.indexOf(b.scope));
}

async function findExisting(api: ApiClient, entry: PolicyEntry): Promise<PolicyView | undefined> {
  const { scope, scopeId, domain, name } = entry;
  const there = await allPolicies(api, { scope, scopeId, domain });
  return there.find((policy) => policy.name === name && policy.status !== 'deprecated');
}

/** @returns when the last change that decides was sent; undefined where nothing that decides was changed */
async function applyAll(
  api: ApiClient,
  plan: readonly Planned[],
  options: ApplyOptions,
  report: Report,
): Promise<number | undefined> {
  let changed: number | undefined;
  for (const [at, planned] of plan.entries()) {
    const { step } = planned;
    const sent = report.now();
    try {
      await write(api, planned, options.reason);
    } catch (error) {
      report.stopped(planned, plan.slice(at + 1));
      throw error;
    }
    report.add(planned);
    if (step.kind === 'update' || (step.kind === 'create' && step.status === 'active')) changed = sent;
  }
  return changed;
}

async function write(api: ApiClient, { entry, step }: Planned, reason: string | undefined): Promise<void> {
  const { scope, scopeId, domain, name, version, content } = entry;
  const changeReason = reason ?? entry.changeReason ?? 'Applied with oce policy apply';
  if (step.kind === 'create') {
    const { status } = step;
    await api.post('/api/v1/policies', { scope, scopeId, domain, name, version, content, changeReason, status });
  }
  if (step.kind === 'update') {
    const { id, from, status } = step;
    await api.put(`/api/v1/policies/${encodeURIComponent(id)}`, from, { version, content, changeReason, status });
  }
}

/** Tells a line for each policy, or everything at the end as JSON. */
class Report {
  private readonly items: Record<string, unknown>[] = [];
  private revision: Record<string, unknown> | undefined;

  constructor(
    private readonly context: Context,
    private readonly dryRun: boolean,
  ) {}

  now(): number {
    return this.context.world.now();
  }

  add({ entry, step }: Planned): void {
    const { scope, scopeId, domain, name, version, file, line } = entry;
    this.items.push({
      scope,
      scopeId,
      domain,
      name,
      version,
      result: step.kind,
      ...('why' in step && { why: step.why }),
    });
    if (this.context.asJson) return;
    const { terminal } = this.context;
    const policy = printable(`"${name}" ${version} of ${scope} "${scopeId}" for ${domain}`);
    const text = `${policy}: ${outcomeOf(step, this.dryRun)}`;
    if (step.kind === 'refused') terminal.err(`${terminal.styleErr('red', '✗')} ${file}:${line}: ${text}`);
    else terminal.out(`${terminal.style('green', '✓')} ${text}`);
  }

  stopped({ entry }: Planned, rest: readonly Planned[]): void {
    if (this.context.asJson) return;
    const { terminal } = this.context;
    const left = rest.length > 0 ? ` Left alone: ${rest.map((planned) => `"${planned.entry.name}"`).join(', ')}.` : '';
    terminal.err(`${entry.file}:${entry.line}: "${printable(entry.name)}" was not applied.${printable(left)}`);
  }

  propagated({ state, behind }: Propagated, ms: number): void {
    this.revision = { ...state, seconds: ms / 1000, behind };
    if (this.context.asJson) return;
    const { terminal } = this.context;
    const count = state.replicas.length;
    if (behind.length === 0) {
      const who = count === 1 ? 'the one replica' : `all ${count} replicas`;
      terminal.out(
        `${terminal.style('green', '✓')} revision ${state.wanted} is active on ${who} after ${(ms / 1000).toFixed(1)} s`,
      );
    } else {
      terminal.err(
        `${terminal.styleErr('red', '✗')} revision ${state.wanted} is not active everywhere after ${(ms / 1000).toFixed(1)} s: ${behind.join(', ')}`,
      );
      terminal.err('  → The change is stored and will be taken up. "oce doctor" shows what holds the replica back.');
    }
  }

  end(): void {
    if (!this.context.asJson) return;
    this.context.terminal.json({ dryRun: this.dryRun, items: this.items, revision: this.revision ?? null });
  }
}

function outcomeOf(step: Step, dryRun: boolean): string {
  const would = dryRun ? 'would be ' : '';
  switch (step.kind) {
    case 'create':
      return `${would}created as ${step.status}`;
    case 'update':
      return `${would}changed from ${step.from}, ${step.status}`;
    case 'unchanged':
      return 'unchanged';
    case 'refused':
      return step.why;
    default:
      return step satisfies never;
  }
}

function seconds(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0 || value > 3600)
    throw new InvalidArgumentError('It must be 0 to 3600 seconds.');
  return value;
}
