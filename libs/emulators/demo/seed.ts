import { aliceAtWork } from './alice.ts';
import { somebodyAtWork, weekly } from './others.ts';
import { Days, type World, type WorldPerson } from './world.ts';

/** Hours that Alice's meetings, to which some of the others go as well, leave free. */
const WEEKLY_HOURS = [10, 12, 13, 15, 17];

/** Fills the systems with the work of the demo people. The same story at every start, with dates around now. */
export function seedWorld(world: World, now: number): void {
  const alice = world.people.find(({ email }) => email === 'alice@acme.test');
  if (alice) aliceAtWork(world, new Days(now, alice.timeZone));
  const held = new Map<WorldPerson, number>();
  const met = new Set<string>();
  for (const person of world.people) {
    if (person === alice) continue;
    const domain = person.email.slice(person.email.indexOf('@'));
    const colleague = world.people.find((other) => other !== person && other.email.endsWith(domain));
    if (!colleague) continue;
    somebodyAtWork(world, person, colleague, new Days(now, person.timeZone));
    // Each two meet once, and whoever is many people's colleague meets them one after the other.
    const pair = [person.email, colleague.email].sort().join();
    if (met.has(pair)) continue;
    met.add(pair);
    const before = Math.max(held.get(person) ?? 0, held.get(colleague) ?? 0);
    for (const one of [person, colleague]) held.set(one, before + 1);
    weekly(world, person, colleague, new Days(now, colleague.timeZone), WEEKLY_HOURS[before % WEEKLY_HOURS.length]!);
  }
}
