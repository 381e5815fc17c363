import { connect, type Socket } from 'node:net';

/** An answer, or (status 0) what came instead of one. */
export interface Outcome {
  readonly status: number;
  readonly body: Buffer;
  readonly failure?: string;
}

/** Carries one call at a time; calls `settle` exactly once for each. */
export interface Wire {
  readonly isBusy: boolean;
  /** When the call under way was handed over. */
  readonly sentAt: number;
  send(request: Uint8Array, now: number, settle: (outcome: Outcome) => void): void;
  /** Gives the call under way up. */
  fail(failure: string): void;
  close(): void;
}

const NOTHING = Buffer.alloc(0);
const HEAD_END = Buffer.from('\r\n\r\n');
const LAST_CHUNK = Buffer.from('\r\n0\r\n\r\n');

/**
 * One keep-alive HTTP/1.1 connection that carries one call at a time, ready-made bytes out and the body's bytes back.
 * It knows just what this product's API answers: a length or chunks, no trailers, no pipelining. Measured against
 * undici's Pool and node:http (`npm run bench`), it leaves the most of the machine to what is measured.
 */
export class Connection implements Wire {
  private readonly host: string;
  private readonly port: number;
  private socket: Socket | undefined;
  private chunks: Buffer[] = [];
  private settle: ((outcome: Outcome) => void) | undefined;
  private expected = -1;
  private received = 0;
  private isChunked = false;
  private headLength = 0;
  private status = 0;
  /** When the call under way was handed to the socket. */
  sentAt = 0;

  constructor(host: string, port: number) {
    this.host = host;
    this.port = port;
  }

  get isBusy(): boolean {
    return this.settle !== undefined;
  }

  /** Calls `settle` exactly once. A connection that has ended is made anew. */
  send(request: Uint8Array, now: number, settle: (outcome: Outcome) => void): void {
    this.settle = settle;
    this.sentAt = now;
    this.chunks = [];
    this.expected = -1;
    this.received = 0;
    this.socket ??= this.open();
    this.socket.write(request);
  }

  /** Gives the call under way up. */
  fail(failure: string): void {
    this.socket?.destroy();
    this.socket = undefined;
    this.finish({ status: 0, body: NOTHING, failure });
  }

  close(): void {
    this.socket?.destroy();
    this.socket = undefined;
  }

  private open(): Socket {
    const socket = connect({ host: this.host, port: this.port, noDelay: true });
    let failure = 'socket closed';
    socket.on('data', (chunk) => this.take(chunk));
    socket.on('error', (error: NodeJS.ErrnoException) => (failure = `socket ${error.code ?? error.message}`));
    socket.on('close', () => {
      if (this.socket !== socket) return;
      this.socket = undefined;
      this.finish({ status: 0, body: NOTHING, failure });
    });
    return socket;
  }

  private take(chunk: Buffer): void {
    if (!this.settle) return;
    this.chunks.push(chunk);
    this.received += chunk.length;
    if (this.expected < 0 && !this.readHead()) return;
    if (this.isChunked ? this.endsChunks() : this.received >= this.expected) this.answer();
  }

  private readHead(): boolean {
    const bytes = this.joined();
    const end = bytes.indexOf(HEAD_END);
    if (end < 0) return false;
    const head = bytes.toString('latin1', 0, end);
    this.status = Number(head.slice(9, 12));
    this.headLength = end + HEAD_END.length;
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    this.isChunked = length === undefined && /\r\ntransfer-encoding: *chunked/i.test(head);
    this.expected = this.headLength + Number(length ?? 0);
    return true;
  }

  private endsChunks(): boolean {
    const bytes = this.joined();
    return bytes.subarray(-LAST_CHUNK.length).equals(LAST_CHUNK);
  }

  private answer(): void {
    const bytes = this.joined().subarray(this.headLength);
    this.finish({ status: this.status, body: this.isChunked ? withoutChunks(bytes) : bytes });
  }

  private joined(): Buffer {
    if (this.chunks.length > 1) this.chunks = [Buffer.concat(this.chunks)];
    return this.chunks[0]!;
  }

  private finish(outcome: Outcome): void {
    const { settle } = this;
    this.settle = undefined;
    settle?.(outcome);
  }
}

function withoutChunks(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    const length = parseInt(bytes.toString('latin1', at, lineEnd), 16);
    if (!(length > 0)) return Buffer.concat(parts);
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + length));
    at = lineEnd + 2 + length + 2;
  }
}
