import { CONNECTOR_TYPES, Connectors } from '#connectors';
import { People } from '#identity';
import { asCaller } from '#libs/access';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DEMO_PEOPLE } from './demo-directory.ts';
import type { DemoWorld } from './demo-world.ts';

/** Bearer of a demo token; Jira takes it as well. */
const credentials = (token: string) => ({ kind: 'token', token }) as const;

/**
 * Connects the demo people to the emulated systems: everything for somebody who has nothing, and at a later start new
 * addresses and tokens for what is still there. What a person has disconnected stays so.
 */
export async function seedConnectors(
  app: NestFastifyApplication,
  world: DemoWorld,
  say: (line: string) => void,
): Promise<void> {
  const [people, connectors] = [app.get(People), app.get(Connectors)];
  let made = 0;
  for (const { tenantId, id, email } of DEMO_PEOPLE) {
    const person = await people.find(tenantId, id);
    const token = world.tokens[email];
    if (!person || !token) continue;
    const caller = asCaller(person);
    const own = (await connectors.list(caller, { limit: 500 })).items.filter(({ userId }) => userId === id);
    for (const type of CONNECTOR_TYPES) {
      const present = own.find((connector) => connector.type === type);
      const place = { baseUrl: world.urls[type], credentials: credentials(token) };
      if (present) {
        if (isEmulated(present.baseUrl)) await connectors.patch(caller, present.id, place, 'demo');
      } else if (own.length === 0) {
        await connectors.create(caller, { type, userId: id, config: {}, ...place }, 'demo');
        made++;
      }
    }
  }
  if (made > 0) say(`Demo: connected ${made / CONNECTOR_TYPES.length} people to five emulated systems each.`);
}

function isEmulated(baseUrl: string | null): boolean {
  return baseUrl !== null && new URL(baseUrl).hostname === '127.0.0.1';
}
