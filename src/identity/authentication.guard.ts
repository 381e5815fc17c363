import {
  type AuthenticatedRequest,
  hasPermission,
  perRoute,
  type Permission,
  PUBLIC_ROUTE,
  REQUIRED_PERMISSION,
} from '#libs/access';
import { Problem } from '#libs/http';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { Authentication } from './authentication.ts';

/** Stands before every route: without `@Public` a route needs a caller, and the caller the permission it names. */
@Injectable()
export class AuthenticationGuard implements CanActivate {
  private readonly routeOf = perRoute((context) => {
    const places = [context.getHandler(), context.getClass()];
    return {
      isPublic: this.reflector.getAllAndOverride<boolean | undefined>(PUBLIC_ROUTE, places) === true,
      permission: this.reflector.getAllAndOverride<Permission | undefined>(REQUIRED_PERMISSION, places),
    };
  });

  constructor(
    private readonly reflector: Reflector,
    private readonly authentication: Authentication,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { isPublic, permission } = this.routeOf(context);
    if (isPublic) return true;
    const request = context.switchToHttp().getRequest<FastifyRequest & AuthenticatedRequest>();
    const principal = await this.authentication.authenticate(request);
    request.principal = principal;
    if (permission && hasPermission(principal, permission)) return true;
    const who = principal.kind === 'agent' ? 'An agent token' : `The role ${principal.person.roles.join(', ')}`;
    throw new Problem('forbidden', `${who} does not include the permission "${permission ?? 'none'}".`);
  }
}
