export { Connectors } from './connectors.ts';
export { ConnectorsModule } from './connectors.module.ts';
export * from './connector.ts';
export * from './work-item.ts';
export { ConnectedWork, type ConnectorStatus, type OnBehalfOf } from './connected-work.ts';
export { type ArrivedMail, type MailPlace, type MailReceiver, NewMail } from './new-mail.ts';
export { CONNECTORS, type Registry } from './registry.ts';
export { REPEATABLE_HEADER } from './pipeline/vendor-fetch.ts';
export * from './extract/index.ts';
