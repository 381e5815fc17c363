import {
  type AuthenticatedRequest,
  hasPermission,
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
  constructor(
    private readonly reflector: Reflector,
    private readonly authentication: Authentication,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const places = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean>(PUBLIC_ROUTE, places)) return true;
    const request = context.switchToHttp().getRequest<FastifyRequest & AuthenticatedRequest>();
    const principal = await this.authentication.authenticate(request);
    request.principal = principal;
    const permission = this.reflector.getAllAndOverride<Permission | undefined>(REQUIRED_PERMISSION, places);
    if (permission && hasPermission(principal, permission)) return true;
    const who = principal.kind === 'agent' ? 'An agent token' : `The role ${principal.person.roles.join(', ')}`;
    throw new Problem('forbidden', `${who} does not include the permission "${permission ?? 'none'}".`);
  }
}
