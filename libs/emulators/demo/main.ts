/**
 * The emulated systems of the demo, in a process of their own so that their work is not the gateway's. Speaks to its parent
 * over IPC: gets the people, answers with addresses and tokens, and ends when the parent is gone.
 */
import { seedWorld } from './seed.ts';
import { startWorld, WORLD_SYSTEMS, type WorldPerson } from './world.ts';

// The terminal's Ctrl-C is for the parent, who then lets us go.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit(0));
process.once('message', (people) => {
  void (async () => {
    const world = await startWorld(people as WorldPerson[]);
    seedWorld(world, Date.now());
    const urls = Object.fromEntries(WORLD_SYSTEMS.map((system) => [system, world[system].url]));
    process.send?.({ urls, tokens: Object.fromEntries(world.tokens) });
  })();
});
