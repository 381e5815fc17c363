import { EventEmitter } from 'node:events';
import type { NoticeTopic, NoticeTopics } from './notice-topics.ts';

/**
 * Port to change notices between replicas. Delivery is best effort: whoever needs the change for certain also polls the
 * table it is in.
 */
export abstract class Notices {
  abstract publish<T extends NoticeTopic>(topic: T, notice: NoticeTopics[T]): void;
  /** @returns a function that ends the subscription */
  abstract subscribe<T extends NoticeTopic>(topic: T, reader: (notice: NoticeTopics[T]) => void): () => void;
}

/** Notices inside a single process. */
export class InProcessNotices extends Notices {
  private readonly emitter = new EventEmitter({ captureRejections: false }).setMaxListeners(100);

  override publish<T extends NoticeTopic>(topic: T, notice: NoticeTopics[T]): void {
    this.emitter.emit(topic, notice);
  }

  override subscribe<T extends NoticeTopic>(topic: T, reader: (notice: NoticeTopics[T]) => void): () => void {
    this.emitter.on(topic, reader);
    return () => this.emitter.off(topic, reader);
  }
}
