import { type Command, Option } from 'commander';
import type { ApiClient, Query } from '../api/client.ts';
import { type Registry, runs, teach } from '../command.ts';
import { table } from '../format/table.ts';

/** A policy as the service tells it. */
export interface PolicyView {
  readonly id: string;
  readonly scope: string;
  readonly scopeId: string;
  readonly domain: string;
  readonly name: string;
  readonly version: string;
  readonly status: 'draft' | 'active' | 'deprecated';
  readonly content?: string;
  readonly rego?: string;
  readonly updatedAt: string;
}

type ListOptions = Readonly<Record<'scope' | 'scopeId' | 'domain' | 'status', string | undefined>>;

const HEAD = ['SCOPE', 'DOMAIN', 'NAME', 'VERSION', 'STATUS', 'UPDATED', 'ID'];
const PAGE = 500;

export function registerList(group: Command, registry: Registry): void {
  const command = group
    .command('list')
    .summary('the policies of the service')
    .description('Lists the policies that you may read, newest first.')
    .addOption(new Option('--scope <scope>', 'of this scope only').choices(['enterprise', 'org', 'team', 'user']))
    .option('--scope-id <id>', 'of this tenant, organisation, team or person only')
    .option('--domain <domain>', 'of this domain only')
    .addOption(new Option('--status <status>', 'in this state only').choices(['draft', 'active', 'deprecated']));
  teach(command, {
    examples: [
      'oce policy list --as admin@acme.test',
      'oce policy list --domain actions --status active',
      'oce policy list --json | jq ".items[].name"',
    ],
  });
  runs<ListOptions>(command, registry, async (context, { scope, scopeId, domain, status }) => {
    const items = await allPolicies(await context.api(), { scope, scopeId, domain, status });
    const { terminal } = context;
    if (context.asJson) terminal.json({ items });
    else if (items.length === 0) terminal.err('There is no such policy that you may read.');
    else for (const line of table(HEAD, items.map(rowOf), terminal.width)) terminal.out(line);
  });
}

/** Reads all pages. */
export async function allPolicies(api: ApiClient, query: Query): Promise<PolicyView[]> {
  const items: PolicyView[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await api.get<{ items: PolicyView[]; nextCursor: string | null }>('/api/v1/policies', {
      ...query,
      limit: PAGE,
      cursor,
    });
    items.push(...page.items);
    if (page.nextCursor === null) return items;
    cursor = page.nextCursor;
  }
}

function rowOf({ scope, scopeId, domain, name, version, status, updatedAt, id }: PolicyView): string[] {
  return [`${scope} ${scopeId}`, domain, name, version, status, updatedAt, id];
}
