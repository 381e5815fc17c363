import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DirectoryPerson, People, Tenants } from '#identity';
import { asCaller } from '#libs/access';
import { NEW_POLICY, Policies, PolicyReader, Propagation } from '#policy';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { parse, stringify } from 'yaml';
import { DEMO_PEOPLE, DEMO_TENANTS } from './demo-directory.ts';

const DEFAULTS = join('policies', 'defaults');

/** Puts the demo directory and its policies in place. What has existed once is left as people have made it since. */
export async function seedDemo(app: NestFastifyApplication, say: (line: string) => void): Promise<void> {
  const [tenants, people, policies] = [app.get(Tenants), app.get(People), app.get(Policies)];
  for (const tenant of DEMO_TENANTS) {
    const users = DEMO_PEOPLE.filter((person) => person.tenantId === tenant.id).map(({ tenantId: _, ...user }) => user);
    await tenants.ensure(tenant, users);
    const admin = await people.find(tenant.id, users.find((user) => user.roles.includes('enterprise_admin'))!.id);
    if (admin) await seedPolicies(policies, app.get(PolicyReader), admin, say);
  }
  await app.get(Propagation).catchUp();
}

async function seedPolicies(
  policies: Policies,
  reader: PolicyReader,
  admin: DirectoryPerson,
  say: (line: string) => void,
): Promise<void> {
  const folder = join(DEFAULTS, admin.tenantId);
  const caller = asCaller(admin);
  const existing = new Set<string>();
  for (let cursor: string | undefined; ;) {
    const page = await reader.list(caller, { limit: 500, cursor });
    for (const policy of page.items) existing.add(`${policy.scope}:${policy.scopeId}:${policy.domain}:${policy.name}`);
    if (page.nextCursor === null) break;
    cursor = page.nextCursor;
  }
  let written = 0;
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.yaml')).sort()) {
    const { content, ...rest } = parse(await readFile(join(folder, file), 'utf8')) as Record<string, unknown>;
    const policy = NEW_POLICY.parse({ status: 'active', ...rest, content: stringify(content) });
    if (existing.has(`${policy.scope}:${policy.scopeId}:${policy.domain}:${policy.name}`)) continue;
    await policies.create(caller, policy, 'demo');
    written++;
  }
  if (written > 0) say(`Demo tenant "${admin.tenantId}": wrote ${written} policies.`);
}
