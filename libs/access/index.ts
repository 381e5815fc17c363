export * from './principal.ts';
export * from './permissions.ts';
export * from './reach.ts';
export * from './directory.ts';
export * from './decorators.ts';
export * from './per-route.ts';
