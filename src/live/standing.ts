import { setImmediate } from 'node:timers/promises';
import { Authentication } from '#identity';
import { Directory, mayActFor, onlyPersonOf, type Principal } from '#libs/access';
import { Clock } from '#libs/clock';
import { Problem } from '#libs/http';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { CLOSE } from './frames.ts';
import type { LiveSession } from './live-session.ts';
import { LocalRoster } from './roster.ts';

/** Every token is looked at again so often even where nothing has changed: it may have run out. */
const LOOK_EVERY_MS = 10_000;
/** A connection whose token cannot be checked for so long is not believed any more. */
const UNCHECKED_MS = 30_000;
/** Checks at a time: what they have to look up goes to the database together. */
const AT_ONCE = 500;
/** After so many checks others get a turn: where nothing has to be looked up, checks never wait by themselves. */
const A_TURN = 100;

/** What a token and a person's name come to. */
export interface Standing {
  readonly principal: Principal;
  readonly userId: string;
}

/**
 * Whether those who are connected may still be: the checks of any HTTP call, at each request and, for connections that only
 * listen, whenever people or credentials have changed.
 */
@Injectable()
export class Standings implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly log = new Logger('live');
  private unwatch: (() => void) | undefined;
  private sweeping = false;
  private again = false;
  private checked = 0;

  constructor(
    private readonly authentication: Authentication,
    private readonly directory: Directory,
    private readonly roster: LocalRoster,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    this.unwatch = this.authentication.onChange(() => void this.sweep());
  }

  onModuleDestroy(): void {
    this.unwatch?.();
  }

  /**
   * @param named the person to be connected for; a person's own token needs none
   * @throws Problem `invalid_token`, `forbidden`, `validation_failed`, `not_found`
   */
  async of(token: string, named: string | undefined): Promise<Standing> {
    const principal = await this.authentication.byToken(token);
    if (principal.kind === 'person') {
      const { id } = principal.person;
      if (named !== undefined && named !== id) {
        throw new Problem('forbidden', `userId: with a person's own token it can only be "${id}".`);
      }
      return { principal, userId: id };
    }
    const userId = named ?? onlyPersonOf(principal);
    if (userId === undefined) {
      throw new Problem('validation_failed', 'userId: is required: this agent token acts for more than one person.');
    }
    // Somebody else's tenant looks like nobody.
    if (!(await this.directory.find(principal.tenantId, userId))) {
      throw new Problem('not_found', `userId: there is no active person "${userId}" in this tenant.`);
    }
    if (!mayActFor(principal, userId)) {
      throw new Problem('forbidden', `userId: this assistant may not act for "${userId}".`);
    }
    return { principal, userId };
  }

  /** Checks a connection's token once more. @throws Problem `invalid_token` where it is to be closed, and what keeps from checking */
  async check(session: LiveSession): Promise<Principal> {
    let standing: Standing;
    try {
      standing = await this.of(session.token, session.userId);
    } catch (error) {
      if (error instanceof Problem && error.status < 500) throw new Problem('invalid_token', error.detail);
      session.uncheckedSince ??= this.clock.elapsed();
      throw error;
    }
    const { principal } = standing;
    if (principal.tenantId !== session.tenantId) throw new Problem('invalid_token', 'The token is for another tenant.');
    session.uncheckedSince = undefined;
    session.principal = principal;
    return principal;
  }

  /** Closes those who may not be connected any more. */
  @Interval(LOOK_EVERY_MS)
  async sweep(): Promise<void> {
    this.again = true;
    if (this.sweeping) return;
    this.sweeping = true;
    try {
      while (this.again) {
        this.again = false;
        const left = this.roster.sessions()[Symbol.iterator]();
        await Promise.all(Array.from({ length: AT_ONCE }, () => this.checkEach(left)));
      }
    } finally {
      this.sweeping = false;
    }
  }

  private async checkEach(left: Iterator<LiveSession>): Promise<void> {
    for (let next = left.next(); !next.done; next = left.next()) {
      const session = next.value;
      if (++this.checked % A_TURN === 0) await setImmediate();
      try {
        await this.check(session);
      } catch (error) {
        this.judge(session, error);
      }
    }
  }

  private judge(session: LiveSession, error: unknown): void {
    if (error instanceof Problem && error.code === 'invalid_token') {
      session.socket.close(CLOSE.unauthenticated, 'the token is not valid any more');
      return;
    }
    const since = session.uncheckedSince ?? this.clock.elapsed();
    if (this.clock.elapsed() - since < UNCHECKED_MS) return;
    this.log.warn(`a token could not be checked for ${UNCHECKED_MS / 1000} s: ${(error as Error).message}`);
    session.socket.close(CLOSE.tryLater, 'tokens cannot be checked now');
  }
}
