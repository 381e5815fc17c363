export * from './classification.ts';
export * from './content.ts';
