import type { NewEntry } from '#audit';
import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { buildBundle, BundleSigner } from '#libs/opa';
import { encode } from '../../src/audit/encode.ts';
import { compileTenant, effectivePolicy, findWidening, type PlacedPolicy } from '../../src/policy/rules/index.ts';
import { plausibleEntry } from '../load/seed/audit-entries.ts';
import { loadPeople } from '../load/seed/people.ts';
import { plausiblePolicies } from '../load/seed/policies.ts';
import { table } from '../load/table.ts';
import { compareClients } from './clients.ts';
import { growth, growthRows, type Measurement } from './growth.ts';
import { growthPlot } from './plot.ts';
import { correlatorBenchmarks } from './briefing.ts';

const PLOT = new URL('../../docs/correlator-growth.svg', import.meta.url);
const ID = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
const SIGNER = new BundleSigner(
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
);
const AUTHORS = [{ userId: 'alice', orgId: 'engineering', teamIds: ['platform'] }];

const placed = (n: number): PlacedPolicy[] =>
  plausiblePolicies(n, loadPeople(Math.max(10, Math.ceil(n / 8)))).map((policy, i) => ({
    ...policy,
    id: `p${String(i).padStart(6, '0')}`,
    version: '1.0.0',
    domain: policy.domain as 'actions',
    document: policy.document,
  }));
const onOnePath = (n: number) => placed(n).map((policy) => ({ ...policy, scope: 'user' as const, scopeId: 'alice' }));
const entries = (n: number): NewEntry[] => Array.from({ length: n }, (_, i) => plausibleEntry(i, AUTHORS));

const BENCHMARKS: Record<string, () => ReturnType<typeof growth>> = {
  ...correlatorBenchmarks,
  'compileTenant (policies)': () => growth([400, 4_000, 40_000], placed, (policies) => compileTenant(policies, 7)),
  'buildBundle (policies)': () =>
    growth(
      [400, 4_000, 40_000],
      (n) => compileTenant(placed(n), 7),
      (tenant) =>
        buildBundle(
          {
            revision: '7',
            roots: ['openclaw/tenants/acme'],
            data: { openclaw: { tenants: { acme: tenant } } },
          },
          SIGNER,
        ),
    ),
  'findWidening (policies above)': () =>
    growth([10, 100, 1_000], onOnePath, (above) =>
      findWidening('actions', { actions: { jira_transition: 'approve', web_search: 'notify' }, blocked: ['x'] }, above),
    ),
  'effectivePolicy (policies on the path)': () => growth([10, 100, 1_000], onOnePath, (path) => effectivePolicy(path)),
  'audit encode (entries)': () =>
    growth([100, 1_000, 10_000], entries, (all) => {
      for (const entry of all) encode(entry, ID);
    }),
  'JSON.parse of an audit batch (entries)': () =>
    growth(
      [50, 500, 5_000],
      (n) => JSON.stringify({ entries: entries(n) }),
      (text) => JSON.parse(text) as unknown,
    ),
};

/** @param only names, or parts of them, of the benchmarks to run; all where empty */
export async function main(only: readonly string[], say: (line: string) => void): Promise<void> {
  const wanted = (name: string) =>
    only.length === 0 || only.some((part) => name.toLowerCase().includes(part.toLowerCase()));
  const rows: string[][] = [];
  const plotted = new Map<string, readonly Measurement[]>();
  for (const [name, run] of Object.entries(BENCHMARKS)) {
    if (!wanted(name)) continue;
    say(`  ${name} …`);
    const measured = await run();
    rows.push(...growthRows(name, measured));
    if (name in correlatorBenchmarks) plotted.set(name, measured);
  }
  if (plotted.size === Object.keys(correlatorBenchmarks).length) {
    await writeFile(PLOT, growthPlot('Correlator, scorer, planner: time an item', plotted));
    say('  docs/correlator-growth.svg is written anew');
  }
  if (rows.length > 0) say(`\n${table(['Pure code', 'n', 'CPU time', 'An item', 'Growth'], rows)}`);
  if (wanted('HTTP clients')) {
    say('\n  HTTP clients …');
    say(`\n${await compareClients()}`);
  }
}
