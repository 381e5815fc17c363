export * from './checks.ts';
export * from './commitment.ts';
export * from './envelope.ts';
export * from './rounds.ts';
export * from './sharing.ts';
export * from './summary.ts';
