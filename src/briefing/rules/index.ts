export * from './correlation.ts';
export { itemKey } from './reference-index.ts';
export { MERGED_FROM, RELATED_FROM, type ConfidenceParts } from './similarity.ts';
