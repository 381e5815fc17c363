import { aliceAtWork } from './alice.ts';
import { somebodyAtWork } from './others.ts';
import { Days, type World } from './world.ts';

/** Fills the systems with the work of the demo people. The same story at every start, with dates around now. */
export function seedWorld(world: World, now: number): void {
  const alice = world.people.find(({ email }) => email === 'alice@acme.test');
  if (alice) aliceAtWork(world, new Days(now, alice.timeZone));
  for (const person of world.people) {
    if (person === alice) continue;
    const domain = person.email.slice(person.email.indexOf('@'));
    const colleague = world.people.find((other) => other !== person && other.email.endsWith(domain));
    if (colleague) somebodyAtWork(world, person, colleague, new Days(now, person.timeZone));
  }
}
