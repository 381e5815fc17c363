import { until } from '../harness/until.ts';
import type { TestGateway } from '../harness/gateway.ts';

export const ALICE = 'alice@acme.test';
export const BOB = 'bob@acme.test';

/** Changes a policy of Acme's enterprise scope. */
export async function amend(
  gateway: TestGateway,
  domain: string,
  present: string | RegExp,
  wanted: string,
): Promise<void> {
  const call = (method: string, path: string, body?: unknown) =>
    gateway.call('admin@acme.test', method, `/api/v1/policies${path}`, body);
  const [{ id, version }] = (await call('GET', `?scope=enterprise&domain=${domain}`)).body.items;
  const before = String((await call('GET', `/${id}`)).body.content);
  const content = before.replace(present, wanted);
  if (content === before) throw new Error(`nothing to change in ${before}`);
  const next = String(version).replace(/^(\d+)\.(\d+)/, (_, a: string, b: string) => `${a}.${Number(b) + 1}`);
  const answer = await call('PUT', `/${id}`, { version: next, content, changeReason: 'a test of auto-response' });
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
}

/** Policy about the sending of replies, at the enterprise. */
export async function replies(gateway: TestGateway, autonomy: string): Promise<void> {
  await amend(gateway, 'actions', /^( *)email_send: .*$/m, `$1email_send: ${autonomy} # ${Math.random()}`);
  await amend(gateway, 'actions', /^( *)auto_response: .*$/m, `$1auto_response: ${autonomy} # ${Math.random()}`);
}

let n = 0;
/** A message from Bob to Alice that wants an answer, unless told otherwise. */
export function mail(more: Record<string, unknown> = {}) {
  n++;
  return {
    channel: 'gmail',
    from: 'Bob Berg <bob@acme.test>',
    to: ALICE,
    subject: `Question ${n}`,
    text: `Hi Alice,\n\ncould you tell me by Friday whether draft ${n} is what you had in mind?\n\nBob`,
    messageId: `<question-${n}@acme.test>`,
    ...more,
  };
}

export async function submit(gateway: TestGateway, body: unknown, who = ALICE): Promise<string> {
  const answer = await gateway.call(who, 'POST', '/api/v1/messages', body);
  if (answer.status !== 202) throw new Error(JSON.stringify(answer.body));
  return answer.body.id as string;
}

/** The message when it is where it stays without a person. */
export function settled(gateway: TestGateway, id: string, who = ALICE) {
  return until(`message ${id} is settled`, async () => {
    const { body } = await gateway.call(who, 'GET', `/api/v1/messages/${id}`);
    return ['received', 'queued'].includes(body.state) ? undefined : body;
  });
}

export async function handled(gateway: TestGateway, body: unknown) {
  return settled(gateway, await submit(gateway, body));
}

export async function rules(gateway: TestGateway, given: unknown, who = ALICE): Promise<void> {
  const answer = await gateway.call(who, 'PUT', '/api/v1/auto-response-rules', given);
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
}
