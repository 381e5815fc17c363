export { IdentityModule } from './identity.module.ts';
export { AuthenticationGuard } from './authentication.guard.ts';
export { Authentication } from './authentication.ts';
export { adminEntry, People } from './people.ts';
export { Oidc } from './oidc.ts';
export { SESSION_COOKIE } from './sessions.ts';
export type { DirectoryPerson } from './person.ts';
export { IMPORT, type ImportInput, type UserInput } from './directory.schema.ts';
export { type TenantInput, Tenants } from './tenants.ts';
