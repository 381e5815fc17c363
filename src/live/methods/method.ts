import type { Permission, Principal } from '#libs/access';
import type { Checkable, LimitName } from '#libs/http';
import type { LiveSession } from '../live-session.ts';

/** Who calls a method. */
export interface LiveCall {
  /** As the token says now. */
  readonly principal: Principal;
  readonly session: LiveSession;
  readonly requestId: string;
}

/** A method of `/ws`: adding one is a file here and its line in `index.ts`. */
export interface LiveMethod<P = unknown> {
  readonly name: string;
  /** Absent: everybody who is connected. */
  readonly permission?: Permission;
  /** Counts against the same limit of the tenant as the route that does the same. */
  readonly limit?: LimitName;
  readonly params: Checkable<P>;
  /** @returns the payload of the answer @throws Problem */
  handle(call: LiveCall, params: P): Promise<unknown>;
}

/** Injection token of all methods by name. */
export const LIVE_METHODS = Symbol('live methods');
export type LiveMethods = ReadonlyMap<string, LiveMethod>;
