import { Cluster } from 'ioredis';
import { openClient, type RedisAccess, type RedisClient } from './client.ts';

/**
 * One subscription to a channel: sharded in a cluster, so that a message goes to one shard instead of to every node. It stays
 * subscribed for as long as it can; whether it really hears is for its owner to find out, who closes it and opens another.
 */
export class NoticeLine {
  private readonly client: RedisClient;

  constructor(access: RedisAccess, channel: string, heard: (text: string) => void, subscribed: () => void) {
    this.client = openClient(access, { shardedSubscribers: true });
    this.client.on('error', () => undefined);
    const hear = (of: string, text: string) => void (of === channel && heard(text));
    const { client } = this;
    if (client instanceof Cluster) {
      client.on('smessage', hear);
      // Once: the client itself follows the channel to where its shard goes.
      client.once('ready', () => void client.ssubscribe(channel).then(subscribed, () => undefined));
    } else {
      client.on('message', hear);
      client.on('ready', () => void client.subscribe(channel).then(subscribed, () => undefined));
    }
  }

  close(): void {
    this.client.disconnect();
  }
}
