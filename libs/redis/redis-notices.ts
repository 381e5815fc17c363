import { randomUUID } from 'node:crypto';
import { Cluster } from 'ioredis';
import type { RedisAccess } from './client.ts';
import type { RedisConnection } from './connection.ts';
import { NoticeLine } from './notice-line.ts';
import {
  type NoticeMessage,
  NOTICE_TOPICS,
  type NoticeTopic,
  type NoticeTopics,
  parseNotice,
} from './notice-topics.ts';
import { InProcessNotices, Notices } from './notices.ts';

const CHANNEL = 'openclaw:notices';
/** On a line that has been silent for so long somebody says that they are there. */
const BEAT_MS = 1_000;
/** A line on which nothing is heard for so long, though Redis serves, is made anew. */
const DEAF_MS = 5_000;

/**
 * Notices between replicas. One's own readers hear a notice at once, without a detour; those of other replicas through Redis'
 * publish and subscribe. While Redis is away notices stay in the process: whoever needs a change for certain also polls.
 */
export class RedisNotices extends Notices {
  private readonly here = new InProcessNotices();
  private readonly self = randomUUID();
  private readonly timer: NodeJS.Timeout;
  private line: NoticeLine;
  private heardAt = performance.now();
  private works = false;

  constructor(
    private readonly connection: RedisConnection,
    private readonly access: RedisAccess,
    private readonly log: { warn(line: string): void },
  ) {
    super();
    this.line = this.openLine();
    this.timer = setInterval(() => this.watch(), BEAT_MS).unref();
  }

  override publish<T extends NoticeTopic>(topic: T, notice: NoticeTopics[T]): void {
    this.send({ from: this.self, topic, notice } as NoticeMessage);
    this.here.publish(topic, notice);
  }

  override subscribe<T extends NoticeTopic>(topic: T, reader: (notice: NoticeTopics[T]) => void): () => void {
    return this.here.subscribe(topic, reader);
  }

  /** Whether notices of other replicas come through, as far as is known. */
  get hears(): boolean {
    return this.works && performance.now() - this.heardAt < DEAF_MS;
  }

  close(): void {
    clearInterval(this.timer);
    this.line.close();
  }

  private send(message: NoticeMessage): void {
    if (message.topic !== undefined && NOTICE_TOPICS[message.topic].reach === 'here') return;
    const { client, usable } = this.connection;
    if (!usable) return;
    const text = JSON.stringify(message);
    const sent = client instanceof Cluster ? client.spublish(CHANNEL, text) : client.publish(CHANNEL, text);
    sent.catch(() => undefined);
  }

  private openLine(): NoticeLine {
    this.heardAt = performance.now();
    return new NoticeLine(
      this.access,
      CHANNEL,
      (text) => this.heard(text),
      () => this.send({ from: this.self }),
    );
  }

  private heard(text: string): void {
    this.heardAt = performance.now();
    this.works = true;
    const message = parseNotice(text);
    if (message?.topic === undefined || message.from === this.self) return;
    try {
      this.here.publish(message.topic, message.notice);
    } catch (error) {
      this.log.warn(`a reader of ${message.topic} failed: ${(error as Error).message}`);
    }
  }

  private watch(): void {
    const silent = performance.now() - this.heardAt;
    if (silent < BEAT_MS) return;
    if (silent > DEAF_MS && this.connection.usable) {
      this.line.close();
      this.works = false;
      this.line = this.openLine();
    }
    this.send({ from: this.self });
  }
}
