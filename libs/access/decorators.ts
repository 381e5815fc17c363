import { createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import type { Permission } from './permissions.ts';
import type { Principal } from './principal.ts';

export const PUBLIC_ROUTE = Symbol('public route');
export const REQUIRED_PERMISSION = Symbol('required permission');

/** The route answers without any sign-in. */
export const Public = () => SetMetadata(PUBLIC_ROUTE, true);

/** The caller must hold this permission. A route with neither `@Public` nor `@Requires` refuses everybody. */
export const Requires = (permission: Permission) => SetMetadata(REQUIRED_PERMISSION, permission);

/** What the authentication guard leaves on the request. */
export interface AuthenticatedRequest {
  principal?: Principal;
}

/** The caller. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): Principal => {
  const { principal } = context.switchToHttp().getRequest<AuthenticatedRequest>();
  if (!principal) throw new Error('@Caller on a public route');
  return principal;
});
