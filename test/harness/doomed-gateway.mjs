/**
 * A gateway of its own over the database of a test, to be killed while it works: the built product, with its settings from
 * the environment and the real connectors in their places. Says `ready` when it listens.
 */
import { pino } from 'pino';
import { CONNECTORS } from '../../dist/src/connectors/index.js';
import { createGateway } from '../../dist/src/gateway.js';

const settings = JSON.parse(process.env.SETTINGS ?? '{}');
const app = await createGateway(settings, pino({ level: 'silent' }));
const registry = app.get(CONNECTORS, { strict: false });
for (const type of ['gmail', 'gcal', 'jira', 'github', 'gdrive']) {
  const module = await import(`../../dist/src/connectors/${type}/${type}-connector.js`);
  registry[type] = module[`${type}Connector`];
}
await app.listen(settings.PORT, '127.0.0.1');
process.send?.('ready');
