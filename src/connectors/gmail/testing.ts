import {
  type Delivery,
  type GmailEmulator,
  type GmailEmulatorOptions,
  startGmailEmulator,
} from '#libs/emulators/gmail';
import { type SyncPage, VendorError, type VendorAccess } from '../connector.ts';
import type { WorkItem } from '../work-item.ts';
import { gmailConnector } from './gmail-connector.ts';

/** A Wednesday, at noon in London. */
export const NOON = Date.parse('2026-11-25T12:00:00Z');
export const DAY = 86_400_000;

/** What the pipeline's fetch comes to where nothing goes wrong: the request with its token. */
export function withToken(token: string): typeof globalThis.fetch {
  return (input, init) => {
    const headers = new Headers(init?.headers);
    headers.set('authorization', `Bearer ${token}`);
    return fetch(input, { ...init, headers });
  };
}

/** A Gmail with Alice, Bob and Carol, and the clock in our hands. */
export class GmailWorld {
  now = NOON;
  private messages = 0;

  private constructor(readonly gmail: GmailEmulator) {}

  static async start(options: GmailEmulatorOptions = {}): Promise<GmailWorld> {
    const clock = { now: () => NOON };
    const world: GmailWorld = new GmailWorld(await startGmailEmulator({ now: () => clock.now(), ...options }));
    clock.now = () => world.now;
    for (const name of ['Alice', 'Bob', 'Carol']) {
      const email = `${name.toLowerCase()}@acme.test`;
      world.gmail.addAccount(email, name);
      world.gmail.addToken(`token-${name.toLowerCase()}`, email);
    }
    return world;
  }

  access(name = 'alice', config: Record<string, unknown> = {}, fetch = withToken(`token-${name}`)): VendorAccess {
    const account = { userId: name, email: `${name}@acme.test`, name: 'Alice Ähm', timeZone: 'Europe/Berlin' };
    return { baseUrl: this.gmail.url, fetch, account, config, now: () => this.now, operationId: null };
  }

  /** A mail from Bob to Alice, an hour ago, unless told otherwise; the answer is where it lies with Alice. */
  mail(delivery: Partial<Delivery> = {}): { id: string; threadId: string; messageId: string } {
    this.messages += 1;
    const messageId = delivery.messageId ?? `test-${this.messages}@acme.test`;
    const copies = this.gmail.deliver({
      from: 'Bob <bob@acme.test>',
      to: 'Alice <alice@acme.test>',
      subject: 'Hello',
      text: 'The numbers are in.',
      date: this.now - 3_600_000 + this.messages,
      messageId,
      ...delivery,
    });
    const { id, threadId } = copies.find(({ email }) => email === 'alice@acme.test') ?? copies[0]!;
    return { id, threadId, messageId };
  }

  async pages(cursor: string | null = null, access = this.access()): Promise<SyncPage[]> {
    const pages: SyncPage[] = [];
    for await (const page of gmailConnector.sync(access, cursor)) pages.push(page);
    return pages;
  }

  async sync(cursor: string | null = null, access = this.access()) {
    const pages = await this.pages(cursor, access);
    return {
      items: new Map<string, WorkItem>(pages.flatMap(({ items }) => items).map((item) => [item.id, item])),
      gone: pages.flatMap(({ gone }) => gone),
      cursor: pages.at(-1)!.cursor,
      full: pages.at(-1)!.full,
    };
  }

  /** What the API does with an input: checked by its schema, then run. */
  async read(resource: string, input: unknown = {}, access = this.access()): Promise<Record<string, unknown>> {
    const { schema, run } = gmailConnector.reads[resource]!;
    return (await run(access, schema.parse(input))) as Record<string, unknown>;
  }

  async write(action: string, input: unknown, access = this.access()): Promise<Record<string, unknown>> {
    const { schema, run } = gmailConnector.writes[action]!;
    return (await run(access, schema.parse(input))) as Record<string, unknown>;
  }
}

/** The failure that a promise ends in. */
export async function failureOf(promise: Promise<unknown>): Promise<VendorError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof VendorError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}
