import { Injectable } from '@nestjs/common';
import { type LiveSession, personKey } from './live-session.ts';

/** Instances that are connected for a person. */
export interface ConnectedInstance {
  readonly id: string;
  readonly instanceId: string;
  readonly connectedAt: Date;
}

/** Port to who is connected. With several replicas, an implementation may know of those of the others. */
export abstract class Roster {
  abstract of(tenantId: string, userId: string): Promise<readonly ConnectedInstance[]>;
}

/** The sessions of this process, by person. */
@Injectable()
export class LocalRoster extends Roster {
  private readonly people = new Map<string, Set<LiveSession>>();

  override async of(tenantId: string, userId: string): Promise<readonly ConnectedInstance[]> {
    return [...this.sessionsOf(tenantId, userId)];
  }

  sessionsOf(tenantId: string, userId: string): ReadonlySet<LiveSession> {
    return this.people.get(personKey(tenantId, userId)) ?? new Set();
  }

  /** Each person who is connected, with their sessions, of which there is at least one. */
  all(): Iterable<ReadonlySet<LiveSession>> {
    return this.people.values();
  }

  *sessions(): Iterable<LiveSession> {
    for (const sessions of this.people.values()) yield* sessions;
  }

  add(session: LiveSession): void {
    const key = personKey(session.tenantId, session.userId);
    const sessions = this.people.get(key);
    if (sessions) sessions.add(session);
    else this.people.set(key, new Set([session]));
  }

  remove(session: LiveSession): void {
    const key = personKey(session.tenantId, session.userId);
    const sessions = this.people.get(key);
    sessions?.delete(session);
    if (sessions?.size === 0) this.people.delete(key);
  }
}
