export * from './person-events.ts';
export { EventsModule } from './events.module.ts';
