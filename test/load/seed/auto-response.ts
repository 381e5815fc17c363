import type { World } from '#libs/emulators/demo';
import { Api } from '../api.ts';
import type { Stage } from '../stage.ts';
import { count, milliseconds } from '../table.ts';
import { type Receiver, rulesOf } from './messages.ts';
import { agentTokens, loadPeople } from './people.ts';
import { synced } from './synced.ts';
import { connectAll } from './work.ts';

const POLICIES_WITHIN_MS = 120_000;

/**
 * Lets assistants answer by themselves where their people say so: policy permits it, everybody has rules for the colleagues who
 * write to them and a mailbox that is connected, and each assistant a token that brings messages.
 */
export async function prepareAutoResponse(
  stage: Stage,
  world: World,
  databaseUrl: string,
): Promise<(Receiver & { readonly agentToken: string })[]> {
  const { admin, say, signal } = stage;
  await permit(admin);
  const people = await stage.workers(world);
  say(`Connecting the mailboxes of ${count(people.length)} people …`);
  const connecting = performance.now();
  await connectAll(admin, world, new Map(people.map(({ email, id }) => [email, id])), signal, ['gmail']);
  let next = 0;
  const hand = async () => {
    for (let at = next++; at < people.length; at = next++) {
      signal.throwIfAborted();
      const own = new Api(stage.target.url, people[at]!.token);
      await own.call('PUT', '/api/v1/auto-response-rules', rulesOf(people, at));
    }
  };
  await Promise.all(Array.from({ length: 8 }, hand));
  const tokens = new Map((await agentTokens(admin, loadPeople(people.length))).map(({ id, token }) => [id, token]));
  await synced(stage, databaseUrl, people.length);
  await admin.settled(POLICIES_WITHIN_MS, signal);
  say(
    `Everybody has rules, an assistant and a connected mailbox after ${milliseconds(performance.now() - connecting)}.`,
  );
  return people.map(({ id, email }) => ({ id, email, agentToken: tokens.get(id)! }));
}

/** Policy of the enterprise no longer wants a person for the sending of replies; rules decide. */
async function permit(admin: Api): Promise<void> {
  const { items } = await admin.call<{ items: { id: string; version: string }[] }>(
    'GET',
    '/api/v1/policies?scope=enterprise&domain=actions',
  );
  const { id, version } = items[0]!;
  const { content: before } = await admin.call<{ content: string }>('GET', `/api/v1/policies/${id}`);
  const content = ['email_send', 'auto_response'].reduce(
    (text, action) => text.replace(new RegExp(`^( *)${action}: .*$`, 'm'), `$1${action}: autonomous`),
    before,
  );
  if (content === before) return;
  const next = version.replace(/^(\d+)\.(\d+)/, (_, major: string, minor: string) => `${major}.${Number(minor) + 1}`);
  await admin.call('PUT', `/api/v1/policies/${id}`, { version: next, content, changeReason: 'load test' });
}
