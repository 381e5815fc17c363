import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Jobs } from '#libs/jobs';
import pg from 'pg';
import { ensureBuilt } from '../../bin/build.mjs';
import { ALICE, BOB, mail, replies, rules } from '../auto-response/support.ts';
import { startWorldGateway, type WorldGateway } from '../briefing/support.ts';
import { DoomedGateway } from '../harness/doomed-gateway.ts';
import type { TestGateway } from '../harness/gateway.ts';
import { until } from '../harness/until.ts';

let world: WorldGateway;
let gateway: TestGateway;
let admin: pg.Client;
const running = new Set<DoomedGateway>();
const messages: { id: string; subject: string }[] = [];

beforeAll(async () => {
  ensureBuilt();
  world = await startWorldGateway({ JOBS_POLL_MS: '500' });
  gateway = world.gateway;
  await world.connect(ALICE, ['gmail']);
  await replies(gateway, 'autonomous');
  await rules(gateway, { contacts: [{ match: BOB, autonomy: 'autonomous' }] });
  admin = new pg.Client(gateway.database.adminUrl);
  await admin.connect();
  // This process is there for the database, OPA and the vendor; the messages are handled by those that die.
  await gateway.app.get(Jobs, { strict: false }).drain();
}, 180_000);
afterAll(async () => {
  for (const doomed of running) await doomed.kill();
  await admin?.end();
  await world?.stop();
});

/** What the vendor has taken for sending, by subject: the receiver's side of the account. */
const sent = (subject: string) =>
  world.world.gmail.written.filter(
    ({ operation, detail }) => operation === 'messages.send' && detail.subject === `Re: ${subject}`,
  ).length;
const row = async (id: string) => (await admin.query('SELECT * FROM messages WHERE id = $1', [id])).rows[0];

/** A transaction of the test that stands in the way of the gateway's. */
async function obstacle(...statements: readonly [string, unknown[]?][]): Promise<() => Promise<void>> {
  await admin.query('BEGIN');
  for (const [text, values] of statements) await admin.query(text, values);
  return async () => void (await admin.query('ROLLBACK'));
}
/** True while a transaction of a gateway waits for one of the test. */
const isWaiting = async () => {
  const watcher = new pg.Client(gateway.database.adminUrl);
  await watcher.connect();
  try {
    const { rows } = await watcher.query(
      `SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
    );
    return rows[0].n > 0;
  } finally {
    await watcher.end();
  }
};

interface Moment {
  readonly when: string;
  /** Brings a gateway to this moment with the message; the answer takes what stood in the way away. */
  reach(doomed: DoomedGateway, message: { id: string; subject: string }): Promise<() => Promise<void>>;
  /** Before the message comes. */
  prepare?(): Promise<() => Promise<void>>;
}

const gmail = () => world.world.gmail;
const isSend = ({ method, path }: { method: string; path: string }) =>
  method === 'POST' && /\/messages\/send$/.test(path);
const nothing = async () => undefined;

const MOMENTS: readonly Moment[] = [
  {
    when: 'after it was accepted, while it is classified',
    prepare: () => obstacle(['LOCK TABLE message_corrections IN ACCESS EXCLUSIVE MODE']),
    reach: async () => {
      await until('it waits', isWaiting);
      return nothing;
    },
  },
  {
    when: 'after it was classified, while it is decided',
    prepare: () =>
      obstacle([`SELECT pg_advisory_xact_lock(hashtextextended('auto-response/' || $1, 0))`, ['acme/alice']]),
    reach: async () => {
      await until('it waits', isWaiting);
      return nothing;
    },
  },
  {
    when: 'after it was decided, before anything is sent',
    reach: async (_, { id }) => {
      await until('it is queued and has been begun', async () => (await row(id)).attempts > 0);
      await until('its search for an earlier one is under way', () => asked);
      return nothing;
    },
    prepare: async () => {
      asked = false;
      gmail().faults = ({ path }) => {
        if (!/\/messages$/.test(path)) return undefined;
        asked = true;
        return { kind: 'late', ms: 60_000 };
      };
      return nothing;
    },
  },
  {
    when: 'after the vendor has sent it, before its answer arrives',
    prepare: async () => {
      gmail().faults = (request) => (isSend(request) ? { kind: 'late', ms: 60_000 } : undefined);
      return nothing;
    },
    reach: async (_, { subject }) => {
      await until('it is out', () => sent(subject) > 0);
      return nothing;
    },
  },
  {
    when: 'after the answer has arrived, before it is noted',
    prepare: async () => {
      gmail().faults = (request) => (isSend(request) ? { kind: 'late', ms: 2_000 } : undefined);
      return nothing;
    },
    reach: async (_, { id, subject }) => {
      await until('it is out', () => sent(subject) > 0);
      const release = await obstacle(['SELECT id FROM messages WHERE id = $1 FOR UPDATE', [id]]);
      await until('the note of it waits', isWaiting);
      return release;
    },
  },
];
let asked = false;

describe('a process that is killed loses and doubles no reply', () => {
  test.each(MOMENTS.map((moment) => [moment.when, moment] as const))(
    'killed %s',
    async (when, { reach, prepare }) => {
      const doomed = await DoomedGateway.start(gateway, ALICE);
      running.add(doomed);
      const release = await prepare?.();
      const subject = `Killed ${when}`;
      const message = { id: await submit(doomed, mail({ subject })), subject };
      messages.push(message);
      const releaseToo = await reach(doomed, message);
      await doomed.kill();
      running.delete(doomed);
      gmail().faults = () => undefined;
      await release?.();
      await releaseToo();
      expect((await row(message.id)).state).not.toBe('sent');
    },
    120_000,
  );

  test('another process brings each to its end: one reply a message, and each is noted as sent', async () => {
    // What has died is found by its age: as if a minute had passed.
    await admin.query(`UPDATE pgboss.job SET started_on = started_on - interval '61 seconds' WHERE state = 'active'`);
    const heir = await DoomedGateway.start(gateway, ALICE);
    running.add(heir);
    for (const { id } of messages)
      await until(`message ${id} is sent`, async () => (await row(id)).state === 'sent', 150_000);
    expect(messages.length).toBe(MOMENTS.length);
    expect(messages.map(({ subject }) => [subject, sent(subject)])).toEqual(
      messages.map(({ subject }) => [subject, 1]),
    );
    for (const { id } of messages) expect((await row(id)).content).toBeNull();
  }, 300_000);
});

/** @returns the id of the message */
async function submit(doomed: DoomedGateway, body: unknown): Promise<string> {
  const answer = await doomed.post('/api/v1/messages', body);
  if (answer.status !== 202) throw new Error(await answer.text());
  return ((await answer.json()) as { id: string }).id;
}
