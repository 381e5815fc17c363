/**
 * The servers that the embedded profile starts by itself: PostgreSQL, OPA and a demo identity provider, on 127.0.0.1,
 * with their data in one folder.
 */
export { type EmbeddedOptions, type EmbeddedServers, startEmbedded } from './embedded.ts';
export { ProfileError, type ProfileErrorCode } from './errors.ts';
export { type Progress } from './progress.ts';
export { type ServerExit, type ServerState } from './host/supervised-process.ts';
export { type DemoAccount, type DemoPerson } from './idp/demo-files.ts';
export { DemoIdentityProvider, type IdentityProviderOptions } from './idp/demo-identity-provider.ts';
export { mintDemoToken, mintPersonToken } from './idp/demo-token.ts';
export { type ObtainOpaOptions, obtainOpa } from './opa/obtain-opa.ts';
export { type OpaOptions, OpaServer } from './opa/opa-server.ts';
export { type PostgresOptions, PostgresServer } from './postgres/postgres-server.ts';
export { BoundedLog } from './host/bounded-log.ts';
export { freePort } from './host/ports.ts';
