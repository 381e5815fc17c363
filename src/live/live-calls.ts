import { hasPermission } from '#libs/access';
import { type Settings, SETTINGS_TOKEN } from '#libs/config';
import { checkedValue, Problem, takeFromLimit } from '#libs/http';
import { RateLimits, TokenBuckets } from '#libs/redis';
import { Inject, Injectable } from '@nestjs/common';
import type { RequestFrame } from './frames.ts';
import type { LiveSession } from './live-session.ts';
import { LIVE_METHODS, type LiveMethods } from './methods/index.ts';
import { Standings } from './standing.ts';

/** Calls a method for a connection: the same steps in the same order as for an HTTP call. */
@Injectable()
export class LiveCalls {
  constructor(
    @Inject(LIVE_METHODS) private readonly methods: LiveMethods,
    private readonly standings: Standings,
    private readonly limits: RateLimits,
    private readonly buckets: TokenBuckets,
    @Inject(SETTINGS_TOKEN) private readonly settings: Settings,
  ) {}

  /** @returns the payload of the answer @throws Problem */
  async call(session: LiveSession, frame: RequestFrame, requestId: string): Promise<unknown> {
    const principal = await this.standings.check(session);
    const perSecond = this.settings.WS_REQUESTS_PER_SECOND;
    const waitMs = await this.buckets.take(`ws ${session.id}`, { perSecond, burst: 2 * perSecond });
    if (waitMs > 0) {
      throw new Problem('rate_limited', `At most ${perSecond} requests a second; try again in ${waitMs} ms.`, {
        retryAfter: Math.ceil(waitMs / 1000),
      });
    }
    if (frame.method === 'connect') throw new Problem('conflict', 'This connection is connected already.');
    const method = this.methods.get(frame.method);
    if (!method) {
      const names = [...this.methods.keys()].join(', ');
      throw new Problem('not_found', `There is no method "${frame.method}". There are: ${names}.`);
    }
    if (method.permission && !hasPermission(principal, method.permission)) {
      const who = principal.kind === 'agent' ? 'An agent token' : `The role ${principal.person.roles.join(', ')}`;
      throw new Problem('forbidden', `${who} does not include the permission "${method.permission}".`);
    }
    if (method.limit) await takeFromLimit(this.limits, this.settings, method.limit, session.tenantId);
    const params = await checkedValue(method.params, frame.params ?? {});
    return method.handle({ principal, session, requestId }, params);
  }
}
