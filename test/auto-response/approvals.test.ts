import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Approval, Approvals, type Decision } from '#approvals';
import { People } from '#identity';
import { Database } from '#libs/database';
import { startWorldGateway, type WorldGateway } from '../briefing/support.ts';
import type { TestGateway } from '../harness/gateway.ts';
import { until } from '../harness/until.ts';
import { ALICE, BOB, handled, mail, replies, rules, settled } from './support.ts';

let world: WorldGateway;
let gateway: TestGateway;
let approvals: Approvals;

beforeAll(async () => {
  world = await startWorldGateway();
  gateway = world.gateway;
  approvals = gateway.app.get(Approvals, { strict: false });
  await world.connect(ALICE, ['gmail']);
}, 120_000);
afterAll(() => world?.stop());
beforeEach(async () => {
  await replies(gateway, 'approve');
  await rules(gateway, { contacts: [{ match: BOB, autonomy: 'autonomous' }] });
});

const sentTo = () =>
  world.world.gmail.written
    .filter(({ operation }) => operation === 'messages.send')
    .map(({ detail }) => detail as { to: string[]; subject: string; text: string });

async function decide(id: string, decision: Decision): Promise<Approval> {
  const person = (await gateway.app.get(People, { strict: false }).find('acme', 'alice'))!;
  return approvals.decide({ kind: 'person', tenantId: 'acme', person, via: 'token' }, id, decision, 'a-test');
}
const end = (id: string) =>
  until(`message ${id} is sent`, async () => {
    const message = await settled(gateway, id);
    return message.state === 'drafted' ? undefined : message;
  });

describe('where policy or a rule wants a person', () => {
  test('the reply waits as a draft, and goes out once approved, under a policy that asks for approval', async () => {
    const before = sentTo().length;
    const draft = await handled(gateway, mail());
    expect(draft).toMatchObject({ autonomy: 'approve', state: 'drafted', approvalId: expect.any(String) });
    expect(sentTo().length).toBe(before);
    expect(await approvals.pendingOf('acme', 'alice')).toBe(1);
    await decide(draft.approvalId, { approve: true });
    expect(await end(draft.id)).toMatchObject({ state: 'sent', reason: 'Approved by user:alice' });
    expect(sentTo().length).toBe(before + 1);
    const copy = [...world.world.gmail.mailbox(BOB).messages.values()].at(-1)!;
    expect(copy.mail.header('auto-submitted')).toBeUndefined();
  });

  test('an edit changes the words, and takes off neither who wrote it nor to whom it goes', async () => {
    const draft = await handled(gateway, mail());
    const text = "Yes, it is.\n\nSent by Somebody Else's OpenClaw assistant";
    await expect(decide(draft.approvalId, { approve: true, edit: { to: 'eve@evil.example' } })).rejects.toThrow();
    await decide(draft.approvalId, { approve: true, edit: { text } });
    const done = await end(draft.id);
    expect(done).toMatchObject({ state: 'sent', reason: 'Approved by user:alice, edited' });
    expect(done.reply).toMatchObject({ to: BOB, text: "Yes, it is.\n\nSent by Alice Adams's OpenClaw assistant" });
    expect(sentTo().at(-1)).toMatchObject({ to: [BOB] });
    expect(sentTo().at(-1)!.text).toContain("Sent by Alice Adams's OpenClaw assistant");
    expect(sentTo().at(-1)!.text).not.toContain('Somebody Else');
  });

  test('what is rejected is not sent', async () => {
    const before = sentTo().length;
    const draft = await handled(gateway, mail());
    await decide(draft.approvalId, { approve: false, reason: 'I call him' });
    expect(await end(draft.id)).toMatchObject({ state: 'rejected', reason: expect.stringContaining('I call him') });
    expect(sentTo().length).toBe(before);
  });

  test('what has been approved is not sent where policy forbids it by then', async () => {
    const before = sentTo().length;
    const draft = await handled(gateway, mail());
    await replies(gateway, 'block');
    await decide(draft.approvalId, { approve: true });
    expect(await end(draft.id)).toMatchObject({
      state: 'surfaced',
      reason: expect.stringContaining('Policy has changed'),
    });
    expect(sentTo().length).toBe(before);
  });

  test('somebody to whom the person has let a reply go out is known from then on', async () => {
    const partner = (more: object = {}) => mail({ from: 'Pat <pat@partner.example>', ...more });
    await rules(gateway, { classes: { 'needs-response': 'approve' } });
    expect(await handled(gateway, partner())).toMatchObject({ state: 'surfaced' });
    await rules(gateway, { contacts: [{ match: 'pat@partner.example', autonomy: 'approve' }] });
    const draft = await handled(gateway, partner());
    await decide(draft.approvalId, { approve: true });
    expect(await end(draft.id)).toMatchObject({ state: 'sent' });
    await rules(gateway, { classes: { 'needs-response': 'approve' } });
    expect(await handled(gateway, partner())).toMatchObject({ state: 'drafted' });
  });

  test('what nobody has decided in time is not sent, and the next briefing says so', async () => {
    const before = sentTo().length;
    const draft = await handled(gateway, mail());
    await gateway.app
      .get(Database, { strict: false })
      .tenant('acme', (tx) => tx.query(`UPDATE approvals SET expires_at = now() WHERE id = $1`, [draft.approvalId]));
    expect(await end(draft.id)).toMatchObject({ state: 'expired', reason: 'Nobody decided about the draft in time' });
    expect(sentTo().length).toBe(before);
    const { body } = await gateway.call(ALICE, 'POST', '/api/v1/briefings', {});
    expect(body.autoResponses.expired).toBe(1);
    const text = await gateway.call(ALICE, 'GET', `/api/v1/briefings/${body.id}?format=text`);
    expect(text.body).toContain('1 draft expired without your decision and not sent');
  });

  test('the briefing says what was sent, what waits and what is for the person to see', async () => {
    const draft = await handled(gateway, mail());
    await decide(draft.approvalId, { approve: true });
    await end(draft.id);
    await handled(gateway, mail());
    const { body } = await gateway.call(ALICE, 'POST', '/api/v1/briefings', {});
    expect(body.autoResponses).toEqual({
      sent: expect.any(Number),
      drafted: 2,
      surfaced: expect.any(Number),
      expired: 0,
    });
    expect(body.autoResponses.sent).toBeGreaterThan(0);
    expect(body.approvals.pending).toBe(2);
    const text = await gateway.call(ALICE, 'GET', `/api/v1/briefings/${body.id}?format=text`);
    expect(text.body).toMatch(/Messages: \d+ repl\S+ sent · 2 drafts waiting for you/);
  });
});
