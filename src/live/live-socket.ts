import type { Clock } from '#libs/clock';
import type { WebSocket } from 'ws';
import { CLOSE } from './frames.ts';

export interface SocketLimits {
  /** Requests that are worked on at once; reading stops while there are more. */
  readonly inFlight: number;
  /** Bytes that may wait to be read by the other side. */
  readonly bufferBytes: number;
  /** How long the other side may leave a backlog unread, in milliseconds. */
  readonly slowReaderMs: number;
}

/** Bytes under way at which whoever has more to send waits. */
const FULL_BYTES = 65_536;
/** How long the other side has to answer a close frame. */
const CLOSE_MS = 5_000;
const MISSED_PONGS = 2;

/**
 * A connection with bounds on both sides: it reads no further while its requests are worked on, and ends with 1013 where
 * what it sends is not read. Knows nothing of what the frames say.
 */
export class LiveSocket {
  /** Frames that have been read already but wait for their turn: what one read from the network held. */
  private readonly waiting: Buffer[] = [];
  private inFlight = 0;
  private parallel = 1;
  private unanswered = 0;
  private closing = false;
  private whenIdle: (() => void) | undefined;
  private readonly gone: Promise<void>;

  /** @param work answers one frame, and never rejects */
  constructor(
    private readonly ws: WebSocket,
    private readonly clock: Clock,
    private readonly limits: SocketLimits,
    private readonly work: (frame: Buffer) => Promise<void>,
  ) {
    this.gone = new Promise((resolve) => ws.once('close', () => resolve()));
    ws.on('error', () => undefined); // `ws` closes with the code that fits
    ws.on('pong', () => (this.unanswered = 0));
    ws.on('message', (data: Buffer, isBinary: boolean) => this.take(data, isBinary));
    void this.gone.then(() => {
      this.closing = true;
      this.waiting.length = 0;
    });
  }

  /** Until now one request at a time was worked on. */
  allowParallel(): void {
    this.parallel = this.limits.inFlight;
  }

  get isOpen(): boolean {
    return !this.closing;
  }

  /** Resolves when the connection is no more. */
  get closed(): Promise<void> {
    return this.gone;
  }

  send(frame: string): void {
    if (this.closing) return;
    this.ws.send(frame);
    if (this.ws.bufferedAmount > this.limits.bufferBytes) this.closeSlow();
  }

  /** Sends, and waits while much is under way. @returns false where the connection is ending */
  async sendGently(frame: string): Promise<boolean> {
    if (this.closing) return false;
    // Called in any case: a connection that ends fails what it has not written.
    const { promise: written, resolve } = Promise.withResolvers<void>();
    this.ws.send(frame, () => resolve());
    if (this.ws.bufferedAmount > this.limits.bufferBytes) this.closeSlow();
    else if (this.ws.bufferedAmount > FULL_BYTES) {
      const cancel = this.clock.after(this.limits.slowReaderMs, () => this.closeSlow());
      await written;
      cancel();
    }
    return !this.closing;
  }

  /** Ends the connection; what is under way is not answered any more. */
  close(code: number, reason: string): void {
    if (this.closing) return;
    this.closing = true;
    this.waiting.length = 0;
    this.ws.resume();
    this.ws.close(code, reason);
    const cancel = this.clock.after(CLOSE_MS, () => this.ws.terminate());
    void this.gone.then(cancel);
  }

  /** Takes nothing new, answers what is under way, and ends. */
  async drain(): Promise<void> {
    if (this.closing) return this.gone;
    this.ws.pause();
    this.parallel = 0;
    if (this.inFlight > 0) await Promise.race([new Promise<void>((idle) => (this.whenIdle = idle)), this.gone]);
    this.close(CLOSE.restart, 'the service restarts; connect again');
    await this.gone;
  }

  terminate(): void {
    this.ws.terminate();
  }

  /** To be called at each heartbeat: asks for a sign of life, and ends where two were missed. */
  beat(): void {
    if (this.closing || this.ws.isPaused) return;
    if (this.unanswered >= MISSED_PONGS) return this.terminate();
    this.unanswered++;
    this.ws.ping();
  }

  private closeSlow(): void {
    this.close(CLOSE.tryLater, 'what was sent is not read fast enough');
  }

  private take(data: Buffer, isBinary: boolean): void {
    this.unanswered = 0;
    if (this.closing) return;
    if (isBinary) return this.close(CLOSE.unsupported, 'text frames only');
    this.waiting.push(data);
    this.next();
  }

  private next(): void {
    while (this.inFlight < this.parallel && this.waiting.length > 0) {
      this.inFlight++;
      void this.work(this.waiting.shift()!).finally(() => {
        this.inFlight--;
        if (this.inFlight === 0) this.whenIdle?.();
        this.next();
      });
    }
    if (this.closing) return;
    const isFull = this.waiting.length > 0 || this.inFlight >= this.parallel;
    if (isFull !== this.ws.isPaused) {
      if (isFull) this.ws.pause();
      else this.ws.resume();
    }
  }
}
