export * from './database.ts';
export * from './data-source.ts';
export * from './migrate.ts';
export * from './errors.ts';
export * from './database.module.ts';
