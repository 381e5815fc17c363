import { WebSocket } from 'ws';
import type { Outcome, Wire } from './connection.ts';

const NOTHING = Buffer.alloc(0);
const PAYLOAD = '"ok":true,"payload":';

/**
 * One WebSocket that carries one request at a time, connected before its first. The answer's payload comes back as an HTTP
 * call's body would, so that both are judged alike. Events are read and left aside.
 */
export class LiveConnection implements Wire {
  private readonly url: string;
  private readonly hello: string;
  private socket: WebSocket | undefined;
  private isConnected = false;
  private frame: Uint8Array | undefined;
  private settle: ((outcome: Outcome) => void) | undefined;
  /** When the request under way was handed over. */
  sentAt = 0;

  /** @param hello the `connect` frame */
  constructor(host: string, port: number, hello: string) {
    this.url = `ws://${host}:${port}/ws`;
    this.hello = hello;
  }

  get isBusy(): boolean {
    return this.settle !== undefined;
  }

  send(frame: Uint8Array, now: number, settle: (outcome: Outcome) => void): void {
    this.settle = settle;
    this.sentAt = now;
    this.frame = frame;
    this.socket ??= this.open();
    if (this.isConnected) this.socket.send(frame, { binary: false });
  }

  fail(failure: string): void {
    this.close();
    this.finish({ status: 0, body: NOTHING, failure });
  }

  close(): void {
    const { socket } = this;
    this.socket = undefined;
    this.isConnected = false;
    socket?.terminate();
  }

  private open(): WebSocket {
    const socket = new WebSocket(this.url, { perMessageDeflate: false });
    let failure = 'socket closed';
    socket.on('open', () => socket.send(this.hello));
    socket.on('message', (data) => this.take(String(data)));
    socket.on('error', (error: NodeJS.ErrnoException) => (failure = `socket ${error.code ?? error.message}`));
    socket.on('close', (code) => {
      if (this.socket !== socket) return;
      this.socket = undefined;
      this.isConnected = false;
      this.finish({ status: 0, body: NOTHING, failure: failure === 'socket closed' ? `closed with ${code}` : failure });
    });
    return socket;
  }

  private take(text: string): void {
    if (text.startsWith('{"type":"event"')) return;
    const at = text.indexOf(PAYLOAD);
    if (at < 0) {
      const code = /"code":"(\w+)"/.exec(text)?.[1];
      this.finish({ status: 0, body: NOTHING, failure: `refused: ${code ?? 'without a code'}` });
    } else if (!this.isConnected) {
      this.isConnected = true;
      if (this.frame) this.socket!.send(this.frame, { binary: false });
    } else this.finish({ status: 200, body: Buffer.from(text.slice(at + PAYLOAD.length, -1)) });
  }

  private finish(outcome: Outcome): void {
    const { settle } = this;
    this.settle = undefined;
    this.frame = undefined;
    settle?.(outcome);
  }
}

/** The bytes of a request. One at a time is under way, so that all may have the same id. */
export function requestFrame(method: string, params?: unknown): Uint8Array {
  return Buffer.from(JSON.stringify({ type: 'req', id: 'r', method, params }));
}
