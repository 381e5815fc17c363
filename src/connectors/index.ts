export * from './connector.ts';
export * from './work-item.ts';
