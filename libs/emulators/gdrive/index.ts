export * from './gdrive-emulator.ts';
export type { FileDraft } from './drive.ts';
