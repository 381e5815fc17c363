import { connect, type Socket } from 'node:net';

/** An answer as it came over the wire. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly ms: number;
}

/** The connection was closed, or stayed silent, before an answer was whole. */
export class NoAnswer extends Error {}

/** A connection over which bytes go out as they are; no client library mends what is meant to be broken. */
export class Connection {
  private socket: Socket | undefined;
  private received: Buffer = Buffer.alloc(0);
  private wake: () => void = () => undefined;
  private closed = false;

  constructor(
    private readonly host: string,
    private readonly port: number,
    private readonly patienceMs: number,
  ) {}

  /**
   * Sends a request and reads its answer. A connection that the other side has closed meanwhile, as it may, is opened anew.
   * @throws NoAnswer
   */
  async ask(bytes: Buffer, method: string): Promise<WireAnswer> {
    const used = this.socket !== undefined && !this.closed;
    try {
      return await this.askOnce(bytes, method);
    } catch (error) {
      if (!used || !(error instanceof NoAnswer)) throw error;
      this.close();
      return this.askOnce(bytes, method);
    }
  }

  private async askOnce(bytes: Buffer, method: string): Promise<WireAnswer> {
    const began = performance.now();
    if (!this.socket || this.closed) await this.open();
    this.socket!.write(bytes);
    const deadline = began + this.patienceMs;
    let answer: { head: ReturnType<typeof headOf> & object; body: string } | undefined;
    while (!(answer = this.take(method))) {
      if (this.closed) throw new NoAnswer(`closed after ${this.received.length} bytes`);
      const left = deadline - performance.now();
      if (left <= 0) throw new NoAnswer(`silent for ${this.patienceMs} ms`);
      await new Promise<void>((resume) => {
        const timer = setTimeout(resume, left);
        this.wake = () => {
          clearTimeout(timer);
          resume();
        };
      });
    }
    const { status, headers } = answer.head;
    if (headers.connection === 'close') this.close();
    return { status, headers, body: answer.body, ms: performance.now() - began };
  }

  close(): void {
    this.socket?.destroy();
    this.socket = undefined;
    this.received = Buffer.alloc(0);
  }

  private open(): Promise<void> {
    this.close();
    this.closed = false;
    const socket = connect(this.port, this.host);
    this.socket = socket;
    socket.setNoDelay();
    const current = (work: () => void) => () => {
      if (this.socket !== socket) return;
      work();
      this.wake();
    };
    socket.on('data', (chunk) => current(() => void (this.received = Buffer.concat([this.received, chunk])))());
    socket.on(
      'close',
      current(() => void (this.closed = true)),
    );
    socket.on(
      'end',
      current(() => void (this.closed = true)),
    );
    return new Promise((opened, failed) => {
      socket.once('connect', opened);
      socket.on('error', (error) => {
        current(() => void (this.closed = true))();
        failed(new NoAnswer(error.message));
      });
    });
  }

  private take(method: string): { head: NonNullable<ReturnType<typeof headOf>>; body: string } | undefined {
    const head = headOf(this.received);
    if (!head) return undefined;
    if (head.status < 200) {
      this.received = this.received.subarray(head.length);
      return this.take(method);
    }
    const rest = this.received.subarray(head.length);
    const none = method === 'HEAD' || head.status === 204 || head.status === 304;
    const body = none ? { text: '', length: 0 } : bodyOf(rest, head.headers, this.closed);
    if (!body) return undefined;
    this.received = this.received.subarray(head.length + body.length);
    return { head, body: body.text };
  }
}

function headOf(bytes: Buffer): { status: number; headers: Record<string, string>; length: number } | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [first = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const headers = lines
    .map((line) => line.split(/:\s*(.*)/s))
    .map(([name = '', value = '']) => [name.toLowerCase(), value]);
  return { status: Number(first.split(' ')[1]), headers: Object.fromEntries(headers), length: end + 4 };
}

function bodyOf(
  bytes: Buffer,
  headers: Readonly<Record<string, string>>,
  closed: boolean,
): { text: string; length: number } | undefined {
  if (headers['transfer-encoding'] === 'chunked') return chunksOf(bytes);
  if (headers['content-length'] === undefined)
    return closed ? { text: bytes.toString(), length: bytes.length } : undefined;
  const length = Number(headers['content-length']);
  return bytes.length < length ? undefined : { text: bytes.subarray(0, length).toString(), length };
}

function chunksOf(bytes: Buffer): { text: string; length: number } | undefined {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const end = bytes.indexOf('\r\n', at);
    if (end < 0) return undefined;
    const size = parseInt(bytes.subarray(at, end).toString('latin1'), 16);
    const next = end + 2 + size + 2;
    if (bytes.length < next) return undefined;
    if (size === 0) return { text: Buffer.concat(parts).toString(), length: next };
    parts.push(bytes.subarray(end + 2, end + 2 + size));
    at = next;
  }
}
