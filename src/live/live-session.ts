import type { Principal } from '#libs/access';
import type { LiveSocket } from './live-socket.ts';

/** A connection after `connect`: which instance it is, and of whom. */
export interface LiveSession {
  readonly id: string;
  readonly socket: LiveSocket;
  readonly token: string;
  readonly tenantId: string;
  readonly userId: string;
  readonly instanceId: string;
  readonly connectedAt: Date;
  /** As of the last check of the token. */
  principal: Principal;
  /** Since when the token could not be checked, in elapsed milliseconds; undefined where it could. */
  uncheckedSince: number | undefined;
  /** Number of the last event that was handed to the socket. */
  cursor: number;
  /** The newest policy revision that it was told of. */
  revision: number;
  /** There may be events above the cursor: a notice says so, or reading them has failed. */
  hasNews: boolean;
  /** Whether events are being handed over now, and are to be looked for once more. */
  isFed: boolean;
  feedAgain: boolean;
}

export function personKey(tenantId: string, userId: string): string {
  return `${tenantId}/${userId}`;
}
