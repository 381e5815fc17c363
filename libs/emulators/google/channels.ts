import { randomUUID } from 'node:crypto';
import { GoogleRefusal, invalid } from './refusal.ts';

interface Channel {
  readonly id: string;
  readonly resourceId: string;
  readonly resourceUri: string;
  readonly address: string;
  readonly token: string | undefined;
  readonly expiration: number;
  readonly email: string;
  messages: number;
}

/** Google's push channels: where notices go to. Source: "Push notifications" of the Calendar and Drive APIs. */
export class Channels {
  private readonly open = new Map<string, Channel>();

  constructor(private readonly now: () => number) {}

  watch(email: string, resourceUri: string, body: Record<string, unknown>): Record<string, unknown> {
    const { id, type, address, token } = body;
    if (typeof id !== 'string' || id === '') throw new GoogleRefusal(400, 'required', 'Required', 'id');
    if (type !== 'web_hook') throw invalid('Unknown channel type', 'type');
    if (typeof address !== 'string' || !URL.canParse(address)) throw invalid('Invalid address', 'address');
    if (this.open.has(id)) throw new GoogleRefusal(400, 'channelIdNotUnique', `Channel id ${id} not unique`);
    const asked = Number(body.expiration);
    const channel: Channel = {
      id,
      resourceId: randomUUID().replaceAll('-', ''),
      resourceUri,
      address,
      token: typeof token === 'string' ? token : undefined,
      expiration: Number.isFinite(asked) && asked > 0 ? asked : this.now() + 7 * 86_400_000,
      email,
      messages: 0,
    };
    this.open.set(id, channel);
    return {
      kind: 'api#channel',
      id,
      resourceId: channel.resourceId,
      resourceUri,
      ...(channel.token === undefined ? {} : { token: channel.token }),
      expiration: String(channel.expiration),
    };
  }

  stop(email: string, body: Record<string, unknown>): void {
    const channel = this.open.get(String(body.id));
    if (channel === undefined || channel.resourceId !== body.resourceId || channel.email !== email) {
      throw new GoogleRefusal(404, 'notFound', `Channel '${String(body.id)}' not found`);
    }
    this.open.delete(channel.id);
  }

  /** Tells everyone who watches for this person that something has changed; answers with their statuses. */
  async notify(email: string, state = 'exists'): Promise<number[]> {
    const due = [...this.open.values()].filter((one) => one.email === email && one.expiration > this.now());
    return Promise.all(due.map((channel) => post(channel, state)));
  }
}

async function post(channel: Channel, state: string): Promise<number> {
  channel.messages += 1;
  const answer = await fetch(channel.address, {
    method: 'POST',
    headers: {
      'x-goog-channel-id': channel.id,
      'x-goog-message-number': String(channel.messages),
      'x-goog-resource-id': channel.resourceId,
      'x-goog-resource-state': state,
      'x-goog-resource-uri': channel.resourceUri,
      'x-goog-channel-expiration': new Date(channel.expiration).toUTCString(),
      ...(channel.token === undefined ? {} : { 'x-goog-channel-token': channel.token }),
    },
  });
  await answer.arrayBuffer();
  return answer.status;
}
