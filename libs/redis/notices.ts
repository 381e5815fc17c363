import { EventEmitter } from 'node:events';

/** The topics and what a notice on each says. A notice says that something changed, never what: readers look it up. */
export interface NoticeTopics {
  'policy.changed': { readonly tenantId: string; readonly revision: number };
  'directory.changed': { readonly tenantId: string };
  'credentials.revoked': { readonly tenantId: string };
  /** What is known of a person's work has changed. */
  'work.changed': { readonly tenantId: string; readonly userId: string };
  'person.events': { readonly tenantId: string; readonly userId: string };
}
export type NoticeTopic = keyof NoticeTopics;

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
