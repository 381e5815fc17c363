export * from './settings.ts';
export * from './config.module.ts';
export { settingsReference } from './reference.ts';
