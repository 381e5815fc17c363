import { WebSocket } from 'ws';
import type { Outcome, Wire } from './connection.ts';
import type { LiveEnd } from './protocol.ts';

const NOTHING = Buffer.alloc(0);
const PAYLOAD = '"ok":true,"payload":';

/** In place of a frame: a message to the peer, which is answered when the peer has been told of it. */
export const MESSAGE_TO_PEER = new Uint8Array(0);

/** Whoever waits for an event that names a conversation; all connections of the process are here. */
const awaited = new Map<string, () => void>();
let conversations = 0;

/**
 * One WebSocket that carries one request at a time, connected before its first. The answer's payload comes back as an HTTP
 * call's body would, so that both are judged alike. Of events, those
 * are looked at that bring a peer's message.
 */
export class LiveConnection implements Wire {
  private readonly url: string;
  private readonly end: LiveEnd;
  private socket: WebSocket | undefined;
  private isConnected = false;
  private frame: Uint8Array | undefined;
  private conversation: string | undefined;
  private isTold = false;
  private answer: Outcome | undefined;
  private settle: ((outcome: Outcome) => void) | undefined;
  /** When the request under way was handed over. */
  sentAt = 0;

  constructor(host: string, port: number, end: LiveEnd) {
    this.url = `ws://${host}:${port}/ws`;
    this.end = end;
  }

  get isBusy(): boolean {
    return this.settle !== undefined;
  }

  send(frame: Uint8Array, now: number, settle: (outcome: Outcome) => void): void {
    this.settle = settle;
    this.sentAt = now;
    this.frame = frame.length === 0 ? this.message() : frame;
    this.socket ??= this.open();
    if (this.isConnected) this.socket.send(this.frame, { binary: false });
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
    socket.on('open', () => {
      const { token, userId } = this.end;
      socket.send(requestFrame('connect', { token, userId, instanceId: `load-${userId}` }), { binary: false });
    });
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
    if (text.startsWith('{"type":"event"')) {
      const conversation = /"conversation_id":"([^"]+)"/.exec(text)?.[1];
      if (conversation !== undefined) awaited.get(conversation)?.();
      return;
    }
    const at = text.indexOf(PAYLOAD);
    if (at < 0) {
      const code = /"code":"(\w+)"/.exec(text)?.[1];
      this.finish({ status: 0, body: NOTHING, failure: `refused: ${code ?? 'without a code'}` });
    } else if (!this.isConnected) {
      this.isConnected = true;
      if (this.frame) this.socket!.send(this.frame, { binary: false });
    } else {
      this.answer = { status: 200, body: Buffer.from(text.slice(at + PAYLOAD.length, -1)) };
      this.finishMessage();
    }
  }

  /** A message has been sent when it is answered and the peer has been told; anything else when it is answered. */
  private finishMessage(): void {
    if (this.answer && (this.conversation === undefined || this.isTold)) this.finish(this.answer);
  }

  private message(): Uint8Array {
    const { userId, orgId, tenantId, peer } = this.end;
    const conversation = `load-${process.pid}-${++conversations}`;
    this.conversation = conversation;
    this.isTold = false;
    awaited.set(conversation, () => {
      this.isTold = true;
      this.finishMessage();
    });
    return requestFrame('sessions_send', {
      to: { userId: peer },
      message: `Which room is meeting ${conversations} in?`,
      envelope: {
        ...{ version: '1.0', message_type: 'agent-generated', classification: 'internal' },
        source_agent: { instance_id: `load-${userId}`, user_id: userId, org_unit: orgId, tenant_id: tenantId },
        ...{ conversation_id: conversation, exchange_type: 'information_query', exchange_round: 1 },
      },
    });
  }

  private finish(outcome: Outcome): void {
    const { settle } = this;
    if (this.conversation !== undefined) awaited.delete(this.conversation);
    this.conversation = undefined;
    this.answer = undefined;
    this.settle = undefined;
    this.frame = undefined;
    settle?.(outcome);
  }
}

/** The bytes of a request. One at a time is under way, so that all may have the same id. */
export function requestFrame(method: string, params?: unknown): Uint8Array {
  return Buffer.from(JSON.stringify({ type: 'req', id: 'r', method, params }));
}
