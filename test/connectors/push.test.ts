import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startGcalEmulator, type GcalEmulator } from '#libs/emulators/gcal';
import { startGdriveEmulator, type GdriveEmulator } from '#libs/emulators/gdrive';
import { startTestGateway, type TestGateway } from '../harness/gateway.ts';

const ALICE = 'alice@acme.test';
let gateway: TestGateway;
let gcal: GcalEmulator;
let gdrive: GdriveEmulator;

beforeAll(async () => {
  [gcal, gdrive] = await Promise.all([startGcalEmulator(), startGdriveEmulator()]);
  gcal.addToken('t', ALICE);
  gcal.addCalendar(ALICE);
  gdrive.addToken('t', ALICE);
  gateway = await startTestGateway({ env: { CONNECTOR_PRIVATE_HOSTS: new URL(gcal.url).host } });
});
afterAll(async () => {
  await gateway?.stop();
  await gcal?.close();
  await gdrive?.close();
});

describe('what Google pushes', () => {
  test.each([
    ['gcal', '/calendar/v3/calendars/primary/events/watch', () => gcal],
    ['gdrive', '/drive/v3/changes/watch?pageToken=1', () => gdrive],
  ] as const)(
    'is taken where its channel has the secret, and refused where it has not: %s',
    async (type, path, system) => {
      const credentials = { kind: 'token', token: 't' };
      const { body } = await gateway.call(ALICE, 'POST', '/api/v1/connectors', { type, credentials });
      const address = `${gateway.url}/api/v1/webhooks/${body.id}`;
      for (const [id, token] of [
        ['right', body.webhookSecret],
        ['wrong', 'guessed'],
      ]) {
        const channel = { id, type: 'web_hook', address, token };
        const headers = { authorization: 'Bearer t', 'content-type': 'application/json' };
        const watch = { method: 'POST', headers, body: JSON.stringify(channel) };
        expect((await fetch(system().url + path, watch)).status).toBe(200);
      }
      expect(await system().notify(ALICE)).toEqual([202, 401]);
      expect(await system().notify(ALICE)).toEqual([202, 401]);
    },
  );
});
