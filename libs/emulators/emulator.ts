/** A server that speaks a vendor's wire protocol on 127.0.0.1, with its state in memory. */
export interface Emulator {
  /** Such as `http://127.0.0.1:40123`, without a slash at the end. */
  readonly url: string;
  /** Access tokens and whom they sign in; every other token is refused as the vendor refuses it. */
  addToken(token: string, email: string): void;
  /** Everything that was written through the API since the start, in order: the receiver's side of the account. */
  readonly written: readonly Written[];
  /** Requests answered, by status. */
  readonly answered: ReadonlyMap<number, number>;
  close(): Promise<void>;
}

/** One write that took effect. */
export interface Written {
  readonly at: string;
  readonly by: string;
  /** Such as `messages.send`, `issue.comment`. */
  readonly operation: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** What may go wrong in front of an emulator. */
export type Fault =
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: unknown;
    }
  /** `after`: the request has taken effect, and its answer is lost. */
  | { readonly kind: 'reset'; readonly after?: boolean }
  | { readonly kind: 'delay'; readonly ms: number }
  /** The answer comes late; the request has taken effect at once. */
  | { readonly kind: 'late'; readonly ms: number }
  | { readonly kind: 'truncate' }
  | { readonly kind: 'garbage' };

/**
 * Asked before each request is served; a fault takes the place of the answer (`delay` comes before it, `truncate` and
 * `garbage` come after the request has taken effect).
 */
export type FaultPlan = (request: {
  readonly method: string;
  readonly path: string;
  readonly email: string;
}) => Fault | undefined;
