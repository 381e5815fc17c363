import type { Principal } from '#libs/access';
import type { Transaction } from '#libs/database';
import type { Labels } from '#policy';
import type { SyncState } from './connectors.sql.ts';
import type { ConnectorType, WorkItem } from './work-item.ts';

/** How one system stands for one person. */
export interface ConnectorStatus {
  readonly connector: ConnectorType;
  readonly state: SyncState;
  /** In plain words. */
  readonly reason?: string;
  /** Only where nothing is broken: policy does not let it be read, as `reason` says. */
  readonly denied?: true;
  /** ISO 8601: the last sync that came to its end. */
  readonly lastSync: string | null;
}

/** For whom something is done where nobody calls: the briefing's own schedule. */
export interface OnBehalfOf {
  readonly tenantId: string;
  readonly userId: string;
}

/** What people have to do in the systems they work in: the face of the connectors for the briefing. */
export abstract class ConnectedWork {
  /** Everything that is known, done things and calendar events included, with the label that policy gives each. */
  abstract itemsOf(tenantId: string, userId: string): Promise<WorkItem[]>;
  /** As {@link itemsOf}, inside the caller's transaction and with the labels that the caller has read. */
  abstract itemsWithin(tx: Transaction, userId: string, label: Labels): Promise<WorkItem[]>;
  /** One a system that is connected for this person. */
  abstract statusOf(tenantId: string, userId: string): Promise<ConnectorStatus[]>;
  /**
   * Syncs what has grown old; returns at the deadline with what is there. Never throws for a system that is away.
   * @returns how each system stands then; one that did not answer by the deadline is `partial`
   */
  abstract refresh(
    tenantId: string,
    userId: string,
    options: { readonly deadlineMs: number; readonly systems?: readonly ConnectorType[] },
  ): Promise<ConnectorStatus[]>;
  /**
   * Reads something in a system, with policy, audit and everything else round it.
   * @returns what the connector's operation returns
   * @throws Problem as {@link write}; `not_found` also where the thing is gone
   */
  abstract read(
    who: OnBehalfOf,
    type: ConnectorType,
    resource: string,
    query: unknown,
    requestId: string,
  ): Promise<unknown>;
  /**
   * Does something in a system, with policy, audit and everything else round it.
   * @param repeatKey the same each time this is tried again, such as `briefing/2026-11-25`: it then takes effect once, also
   *   where a try ended without an answer; the key is this person's, and for the same `input`
   * @param approval the id of the approval by which the person has said yes to this very thing: it is done where policy wants one
   * @returns what the connector's operation returns
   * @throws Problem `forbidden` (policy), `not_found` (no such connector or action), `validation_failed`,
   *   `connector_unavailable` and `overloaded` (with `retryAfter`), `connector_unauthorised`
   */
  abstract write(
    who: Principal | OnBehalfOf,
    type: ConnectorType,
    action: string,
    input: unknown,
    requestId?: string,
    repeatKey?: string,
    approval?: string,
  ): Promise<unknown>;
}
