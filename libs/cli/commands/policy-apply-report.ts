import type { Propagated } from '../api/revision.ts';
import type { Context } from '../context.ts';
import { printable } from '../format/printable.ts';
import type { PolicyEntry } from '../policy-files/entry.ts';
import type { Planned, Step } from '../policy-files/plan.ts';

/** Tells a line for each policy, or everything at the end as JSON. */
export class ApplyReport {
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
    const { name, version, scope, scopeId, domain, file, line } = entry;
    this.item(entry, step.kind, 'why' in step ? { why: step.why } : {});
    if (this.context.asJson) return;
    const { terminal } = this.context;
    const policy = printable(`"${name}" ${version} of ${scope} "${scopeId}" for ${domain}`);
    const text = `${policy}: ${outcomeOf(step, this.dryRun)}`;
    if (step.kind === 'refused') terminal.err(`${terminal.styleErr('red', '✗')} ${file}:${line}: ${text}`);
    else terminal.out(`${terminal.style('green', '✓')} ${text}`);
  }

  stopped({ entry }: Planned, rest: readonly Planned[]): void {
    this.item(entry, 'failed');
    for (const planned of rest) this.item(planned.entry, 'left alone');
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
      terminal.err(
        '  → The change is stored and will be taken up. "npx oce doctor" shows what holds the replica back.',
      );
    }
  }

  private item({ scope, scopeId, domain, name, version }: PolicyEntry, result: string, more = {}): void {
    this.items.push({ scope, scopeId, domain, name, version, result, ...more });
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
