export * from './connector.ts';
export * from './work-item.ts';
export { ConnectedWork, type ConnectorStatus, type OnBehalfOf } from './connected-work.ts';
