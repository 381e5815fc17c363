import { type Command, InvalidArgumentError } from 'commander';
import type { ApiClient, Query } from '../api/client.ts';
import { type Registry, runs, teach } from '../command.ts';
import type { Context } from '../context.ts';
import { EXIT, Unreachable } from '../errors.ts';
import { type AuditLineEntry, auditLine } from '../format/audit-line.ts';
import { type AuditFilters, filtersOf, withFilters } from './audit-filters.ts';

interface TailOptions extends AuditFilters {
  readonly limit: number;
  readonly follow?: boolean;
}

interface Page {
  readonly items: AuditLineEntry[];
  readonly nextCursor: string | null;
}

const PAGE = 200;
const POLL_MS = 1_000;
/** Entries become visible a little out of order when several replicas write: so far back is looked again. */
const OVERLAP_MS = 10_000;

export function registerTail(group: Command, registry: Registry): void {
  const command = group
    .command('tail')
    .summary('the newest entries, oldest of them first')
    .description(
      'Shows the newest entries that you may see, the newest at the bottom: time, person, type, result, what and why, id. ' +
        'With --json one document, with --follow --json one entry a line.',
    )
    .option('-f, --follow', 'go on with what is written from now on, until Ctrl-C')
    .option('-n, --limit <n>', 'so many entries', count, 20);
  withFilters(command);
  teach(command, {
    examples: [
      'oce audit tail --as admin@acme.test',
      'oce audit tail --follow --policy-result deny',
      'oce audit tail -n 100 --user-id alice --from 2026-01-31T08:00:00Z --json | jq ".items[].actionType"',
    ],
  });
  runs<TailOptions>(command, registry, async (context, options) => {
    const api = await context.api();
    const newest = await newestFirst(api, filtersOf(options), options.limit);
    if (!options.follow) {
      if (context.asJson) context.terminal.json({ items: newest.toReversed() });
      else if (newest.length === 0) context.terminal.err('There is no such entry that you may see.');
      else show(context, newest.toReversed());
      return EXIT.ok;
    }
    show(context, newest.toReversed());
    return follow(context, api, filtersOf(options), newest);
  });
}

async function follow(
  context: Context,
  api: ApiClient,
  filters: Query,
  shown: readonly AuditLineEntry[],
): Promise<number> {
  const { stop, now, sleep } = context.world;
  const seen = new Map(shown.map(({ id, timestamp }) => [id, Date.parse(timestamp)]));
  let latest = Math.max(0, ...seen.values()) || now();
  let lost = false;
  while (!stop.aborted) {
    try {
      await sleep(POLL_MS);
      const since = latest - OVERLAP_MS;
      const from = new Date(Math.max(since, Date.parse(String(filters.from ?? '')) || 0)).toISOString();
      const fresh = (await newestFirst(api, { ...filters, from }, Infinity))
        .filter(({ id }) => !seen.has(id))
        .reverse();
      if (lost) context.terminal.err('The service answers again.');
      lost = false;
      show(context, fresh);
      for (const { id, timestamp } of fresh) seen.set(id, Date.parse(timestamp));
      latest = Math.max(latest, ...fresh.map(({ timestamp }) => Date.parse(timestamp)));
      for (const [id, time] of seen) if (time < latest - OVERLAP_MS) seen.delete(id);
    } catch (error) {
      if (stop.aborted) break;
      if (!(error instanceof Unreachable)) throw error;
      if (!lost) context.terminal.err(`${error.message} Trying on until it answers; Ctrl-C ends this.`);
      lost = true;
    }
  }
  return EXIT.ok;
}

async function newestFirst(api: ApiClient, filters: Query, limit: number): Promise<AuditLineEntry[]> {
  const items: AuditLineEntry[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await api.get<Page>('/api/v1/audit', {
      ...filters,
      limit: Math.min(PAGE, limit - items.length),
      cursor,
    });
    items.push(...page.items);
    if (page.nextCursor === null || items.length >= limit) return items;
    cursor = page.nextCursor;
  }
}

function show({ asJson, terminal }: Context, entries: readonly AuditLineEntry[]): void {
  for (const entry of entries) terminal.out(asJson ? JSON.stringify(entry) : auditLine(entry));
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 100_000) {
    throw new InvalidArgumentError('It must be a whole number from 1 to 100000; "oce audit export" gives everything.');
  }
  return value;
}
