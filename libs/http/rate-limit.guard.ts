import { type AuthenticatedRequest, perRoute } from '#libs/access';
import { type Settings, SETTINGS_TOKEN } from '#libs/config';
import { RateLimits } from '#libs/redis';
import { type CanActivate, type ExecutionContext, Inject, Injectable, SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { Problem } from './problem.ts';

/** The limits of DOMAIN rules, section 8, by the setting that holds each. */
const SETTING_OF = {
  policy_changes: 'RATE_LIMIT_POLICY_CHANGES',
  audit_queries: 'RATE_LIMIT_AUDIT_QUERIES',
  work: 'RATE_LIMIT_WORK',
  exports: 'RATE_LIMIT_EXPORTS',
  admin: 'RATE_LIMIT_ADMIN',
  status: 'RATE_LIMIT_STATUS',
  evaluations: 'RATE_LIMIT_EVALUATIONS',
  audit_appends: 'RATE_LIMIT_AUDIT_APPENDS',
  sign_in: 'RATE_LIMIT_SIGN_IN',
} as const satisfies Record<string, keyof Settings>;
export type LimitName = keyof typeof SETTING_OF;

const LIMIT = Symbol('rate limit');

/** Counts this route against a limit a tenant and minute; `sign_in` a network address and minute. */
export const RateLimit = (name: LimitName) => SetMetadata(LIMIT, name);

/** Counts one call of this kind against what a tenant (or address) may do. @throws Problem `rate_limited` */
export async function takeFromLimit(
  limits: RateLimits,
  settings: Settings,
  name: LimitName,
  key: string,
): Promise<void> {
  const perMinute = settings[SETTING_OF[name]];
  const taken = await limits.take(name, key, perMinute);
  if (taken.ok) return;
  throw new Problem(
    'rate_limited',
    `At most ${perMinute} calls of this kind (${name}) a minute; try again in ${taken.retryAfterSeconds} s.`,
    { retryAfter: taken.retryAfterSeconds },
  );
}

/** Runs after authentication. */
@Injectable()
export class RateLimitGuard implements CanActivate {
  private readonly limitOf = perRoute((context) =>
    this.reflector.getAllAndOverride<LimitName | undefined>(LIMIT, [context.getHandler(), context.getClass()]),
  );

  constructor(
    private readonly reflector: Reflector,
    private readonly limits: RateLimits,
    @Inject(SETTINGS_TOKEN) private readonly settings: Settings,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const name = this.limitOf(context);
    if (!name) return true;
    const request = context.switchToHttp().getRequest<FastifyRequest & AuthenticatedRequest>();
    await takeFromLimit(this.limits, this.settings, name, request.principal?.tenantId ?? request.ip);
    return true;
  }
}
