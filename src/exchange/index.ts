export { ExchangeModule } from './exchange.module.ts';
export { ExchangeReader } from './exchange-reader.ts';
export { Exchanges, type SendAnswer } from './exchanges.ts';
export { SEND, type Send } from './exchange.schema.ts';
export { Speaker } from './speaker.ts';
