import { randomBytes } from 'node:crypto';
import { AuditLog } from '#audit';
import { Caller, permissionsOf, type Person, type Principal, Public, Requires } from '#libs/access';
import { type Settings, SETTINGS_TOKEN } from '#libs/config';
import { cookieOf, Problem, RateLimit } from '#libs/http';
import { Controller, Get, HttpCode, Inject, Logger, Post, Query, Req, Res, UseFilters } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Oidc } from './oidc.ts';
import { People } from './people.ts';
import { SignInFilter } from './sign-in.filter.ts';
import { SESSION_COOKIE, Sessions, SIGN_IN_COOKIE } from './sessions.ts';

const LOGIN = z.object({
  returnTo: z
    .string()
    .regex(/^\/(?![/\\])[^\\\s]{0,500}$/, 'must be a path on this service, such as "/"')
    .default('/'),
});

@ApiTags('Identity')
@Controller('auth')
export class SignInController {
  private readonly log = new Logger('sign-in');

  constructor(
    private readonly oidc: Oidc,
    private readonly sessions: Sessions,
    private readonly people: People,
    private readonly audit: AuditLog,
    @Inject(SETTINGS_TOKEN) private readonly settings: Settings,
  ) {}

  @Get('login')
  @Public()
  @UseFilters(SignInFilter)
  @RateLimit('sign_in')
  @ApiOperation({ summary: 'Sends the browser to the identity provider' })
  async login(
    @Query({ schema: LOGIN }) query: z.output<typeof LOGIN>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ) {
    const publicUrl = new URL(this.settings.PUBLIC_URL);
    if (request.headers.host !== publicUrl.host) {
      // Cookies belong to a host name: start where the identity provider will send the browser back.
      return reply.redirect(`${publicUrl.origin}/auth/login?returnTo=${encodeURIComponent(query.returnTo)}`, 302);
    }
    const secrets = { state: random(), nonce: random(), verifier: random() };
    const url = await this.oidc.authorizationUrl(secrets);
    await this.sessions.begin(secrets, query.returnTo);
    return reply.setCookie(SIGN_IN_COOKIE, secrets.state, this.cookie(600)).redirect(url.href, 302);
  }

  @Get('callback')
  @Public()
  @UseFilters(SignInFilter)
  @RateLimit('sign_in')
  @ApiOperation({ summary: 'Where the identity provider sends the browser back' })
  async callback(@Req() request: FastifyRequest, @Res() reply: FastifyReply) {
    const search = new URL(request.originalUrl, this.settings.PUBLIC_URL).searchParams;
    const state = search.get('state') ?? '';
    void reply.clearCookie(SIGN_IN_COOKIE, { path: '/' });
    // The cookie ties the answer to the browser that asked; the row makes it work once.
    const attempt =
      state !== '' && cookieOf(request, SIGN_IN_COOKIE) === state ? await this.sessions.finish(state) : undefined;
    if (!attempt)
      throw new Problem(
        'invalid_token',
        'This sign-in was not started in this browser, is too old or was used before. Start again at /auth/login.',
      );
    const identity = await this.oidc.redeem(search.toString(), attempt);
    const person = await this.people.findByEmail(identity.email);
    if (!person) {
      this.log.warn(`sign-in of somebody whom the directory does not know`);
      throw new Problem(
        'forbidden',
        `The directory knows nobody with the address "${identity.email}". Ask an administrator to add you.`,
      );
    }
    await this.record(person, 'sign_in', request.id);
    const token = await this.sessions.open(person);
    return reply
      .setCookie(SESSION_COOKIE, token, this.cookie(this.settings.SESSION_TTL_MINUTES * 60))
      .redirect(attempt.returnTo, 302);
  }

  @Post('logout')
  @HttpCode(200)
  @Requires('self:read')
  @ApiOperation({ summary: 'Ends the session; the answer says where the identity provider ends its own' })
  async logout(
    @Caller() caller: Principal,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const cookie = cookieOf(request, SESSION_COOKIE);
    if (cookie) await this.sessions.close(cookie);
    void reply.clearCookie(SESSION_COOKIE, { path: '/' });
    if (caller.kind === 'person') await this.record(caller.person, 'sign_out', request.id);
    return { endSessionUrl: (await this.oidc.endSessionUrl().catch(() => undefined)) ?? null };
  }

  @Get('userinfo')
  @Requires('self:read')
  @RateLimit('status')
  @ApiOperation({ summary: 'Who you are here, and what you may do' })
  userinfo(@Caller() caller: Principal) {
    if (caller.kind === 'agent') throw new Problem('forbidden', 'An agent token is no person.');
    const { id, email, name, tenantId, orgId, teamIds, roles } = caller.person;
    return { id, email, name, tenantId, orgId, teamIds, roles, permissions: permissionsOf(caller) };
  }

  private async record(person: Person, operation: 'sign_in' | 'sign_out', requestId: string): Promise<void> {
    await this.audit.append({
      tenantId: person.tenantId,
      userId: person.id,
      orgId: person.orgId,
      teamIds: person.teamIds,
      actor: `user:${person.id}`,
      actionType: 'sign_in',
      actionDetail: { operation },
      outcome: 'success',
      requestId,
    });
  }

  private cookie(maxAge: number) {
    const secure = this.settings.PUBLIC_URL.startsWith('https:');
    return { path: '/', httpOnly: true, sameSite: 'lax', secure, maxAge } as const;
  }
}

function random(): string {
  return randomBytes(32).toString('base64url');
}
