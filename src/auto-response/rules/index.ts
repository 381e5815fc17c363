export * from './message.ts';
export * from './autonomy.ts';
export * from './classify.ts';
export * from './corrections.ts';
export * from './disclosure.ts';
export * from './draft.ts';
export * from './loops.ts';
export * from './fit.ts';
