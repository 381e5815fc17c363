import { asCaller, type Principal } from '#libs/access';
import { cookieOf, Problem } from '#libs/http';
import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AgentTokens } from './agent-tokens.ts';
import { Lookups } from './lookups.ts';
import { Oidc } from './oidc.ts';
import { People } from './people.ts';
import { SESSION_COOKIE, Sessions } from './sessions.ts';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Tells who calls: by bearer token of the identity provider, agent token, or session cookie. Organisation, teams and
 * roles are always looked up in the directory; no claim and no field of the request can add to them.
 */
@Injectable()
export class Authentication {
  constructor(
    private readonly oidc: Oidc,
    private readonly sessions: Sessions,
    private readonly tokens: AgentTokens,
    private readonly people: People,
    private readonly lookups: Lookups,
  ) {}

  /** @throws Problem `authentication_required`, `invalid_token`, `forbidden` (a cookie on another site's request) */
  async authenticate(request: FastifyRequest): Promise<Principal> {
    const header = request.headers.authorization;
    if (header !== undefined) {
      const token = /^Bearer ([\x21-\x7e]{1,8192})$/i.exec(header)?.[1];
      if (!token) throw new Problem('invalid_token', 'The Authorization header must read: Bearer <token>.');
      return this.byToken(token);
    }
    const cookie = cookieOf(request, SESSION_COOKIE);
    if (!cookie) {
      throw new Problem('authentication_required', 'Send "Authorization: Bearer <token>", or sign in at /auth/login.');
    }
    const principal = await this.bySession(cookie);
    refuseOtherSites(request);
    return principal;
  }

  /** Also used where a token arrives in another way than a header. */
  async byToken(token: string): Promise<Principal> {
    if (AgentTokens.looksLike(token)) {
      const agent = await this.tokens.verify(token);
      if (!agent) throw new Problem('invalid_token', 'This agent token is unknown, expired or revoked.');
      return agent;
    }
    const identity = await this.oidc.verify(token);
    const person = await this.people.findByEmailRecently(identity.email);
    if (!person) throw new Problem('invalid_token', `The directory knows nobody with the address "${identity.email}".`);
    return asCaller(person);
  }

  /**
   * Calls `watcher` within half a second of any change to people and credentials, made on whichever replica: whoever was let
   * in by a token for longer than one call asks again. @returns a function that ends this
   */
  onChange(watcher: () => void): () => void {
    return this.lookups.watch(watcher);
  }

  private async bySession(cookie: string): Promise<Principal> {
    const owner = await this.sessions.owner(cookie);
    const person = owner && (await this.people.find(owner.tenantId, owner.userId));
    if (!person) throw new Problem('authentication_required', 'The session has ended. Sign in at /auth/login.');
    return { kind: 'person', tenantId: person.tenantId, person, via: 'session' };
  }
}

/**
 * A cookie is sent by the browser whoever caused the request. So a request that changes something is believed only if
 * the browser itself says that it came from our own pages (Fetch Metadata, or the Origin header in older browsers).
 */
function refuseOtherSites(request: FastifyRequest): void {
  if (SAFE_METHODS.has(request.method)) return;
  const site = request.headers['sec-fetch-site'];
  if (site === 'same-origin') return;
  const origin = request.headers.origin;
  if (
    site === undefined &&
    origin !== undefined &&
    URL.canParse(origin) &&
    new URL(origin).host === request.headers.host
  )
    return;
  throw new Problem(
    'forbidden',
    'With a session cookie, changes are accepted from the pages of this service only. Use a bearer token.',
  );
}
