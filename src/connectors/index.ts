export * from './connector.ts';
export * from './work-item.ts';
export * from './extract/index.ts';
