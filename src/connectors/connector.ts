import type { z } from 'zod';
import type { ArrivedMail } from './new-mail.ts';
import type { ConnectorType, WorkItem } from './work-item.ts';

/** Whose eyes a connector looks through. */
export interface Account {
  readonly userId: string;
  readonly email: string;
  readonly name: string;
  /** IANA time zone. */
  readonly timeZone: string;
}

/** What a connector is given to speak to its system. */
export interface VendorAccess {
  /** Without a slash at the end; the vendor's own unless configured. */
  readonly baseUrl: string;
  /**
   * `fetch` through the pipeline: signs the request, waits its turn, retries what may be retried, obeys the vendor's limits,
   * and throws a {@link VendorError} when it gives up. To be handed to the vendor's client, whose own retries are off.
   */
  readonly fetch: typeof globalThis.fetch;
  readonly account: Account;
  /** The connector's settings that are no secret, such as `{"projects": ["PLAT"]}`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /**
   * The same each time this write is tried again, in whichever process: 64 hexadecimal digits. A write leaves it with the
   * vendor, and looks for it first, so that one whose answer was lost takes effect once. Null where nobody could tell a repeat.
   */
  readonly operationId: string | null;
}

/** One step of a sync: stored together with its cursor, so that a crash between two steps repeats at most one. */
export interface SyncPage {
  /** New or changed. */
  readonly items: readonly WorkItem[];
  /** Ids of items that are deleted, or no longer concern this person. */
  readonly gone: readonly string[];
  /** Messages that have come since the last sync and may be answered; each in the thread of an item of this page or an earlier one. Never of a full sync. */
  readonly mail?: readonly ArrivedMail[];
  /** Part of a full sync: what is stored and in none of its pages is gone when the last page has come. */
  readonly full: boolean;
  /** The first page of a full sync, not of one that goes on: what an earlier one had seen before it was cut counts no more. */
  readonly first?: boolean;
  /** Where the next sync goes on; opaque, at most 16 KiB. */
  readonly cursor: string;
  readonly last: boolean;
}

/** A thing that can be read, or done, through a connector; the schema says what it takes. */
export interface Operation<T = unknown> {
  readonly schema: z.ZodType<T>;
  /** One line for the API page. */
  readonly summary: string;
  /** The action that policy is asked about, such as `email_send`. Source: DOMAIN rules, section 2. */
  readonly action: string;
  run(access: VendorAccess, input: T): Promise<unknown>;
}

/**
 * A connected system. Knows the vendor's protocol and nothing of policy, audit, limits or storage, which the pipeline puts
 * round every call.
 */
export interface Connector {
  readonly type: ConnectorType;
  /** Where the vendor serves this API. */
  readonly defaultBaseUrl: string | null;
  /** The action of a sync, for policy. */
  readonly syncAction: string;
  /** Settings that `config` may hold. */
  readonly config: z.ZodType<Readonly<Record<string, unknown>>>;
  /**
   * What has changed since `cursor`; everything where it is null or has expired (then with `full`).
   * @throws VendorError
   */
  sync(access: VendorAccess, cursor: string | null): AsyncIterable<SyncPage>;
  /** By resource: `messages`, `message`, `events` … */
  readonly reads: Readonly<Record<string, Operation>>;
  /** By action: `email_send`, `calendar_create_event`, `jira_comment`, `jira_transition`, `github_comment` … */
  readonly writes: Readonly<Record<string, Operation>>;
}

/** How a call to a vendor came to nothing. */
export const VENDOR_FAILURES = [
  'unauthorised',
  'forbidden',
  'not_found',
  'rate_limited',
  'invalid',
  'unavailable',
  'timeout',
  'garbled',
  'overloaded',
] as const;
export type VendorFailure = (typeof VENDOR_FAILURES)[number];

/** A call to a vendor that came to nothing, in words for a person. */
export class VendorError extends Error {
  constructor(
    readonly failure: VendorFailure,
    message: string,
    /** Milliseconds since 1970: when to come back, where the vendor or the breaker has said so. */
    readonly retryAt?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'VendorError';
  }
}
