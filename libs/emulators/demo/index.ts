export { seedWorld } from './seed.ts';
export { Days, startWorld, type World, WORLD_SYSTEMS, type WorldPerson, type WorldSystem } from './world.ts';
