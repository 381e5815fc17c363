export * from './gcal-emulator.ts';
export type { CalendarEvent, EventDraft } from './event.ts';
