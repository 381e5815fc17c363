import { AuditModule } from '#audit';
import { Directory } from '#libs/access';
import { Global, Module } from '@nestjs/common';
import { AgentTokensController } from './agent-tokens.controller.ts';
import { AgentTokens } from './agent-tokens.ts';
import { AuthenticationGuard } from './authentication.guard.ts';
import { Authentication } from './authentication.ts';
import { Lookups } from './lookups.ts';
import { Oidc } from './oidc.ts';
import { People } from './people.ts';
import { Sessions } from './sessions.ts';
import { SignInController } from './sign-in.controller.ts';
import { Tenants } from './tenants.ts';
import { UsersController } from './users.controller.ts';

/** Who people are (directory), who calls (OIDC, sessions, agent tokens), and what they may do. */
@Global()
@Module({
  imports: [AuditModule],
  controllers: [SignInController, UsersController, AgentTokensController],
  providers: [
    Lookups,
    People,
    { provide: Directory, useExisting: People },
    Oidc,
    Sessions,
    Tenants,
    AgentTokens,
    Authentication,
    AuthenticationGuard,
  ],
  exports: [People, Tenants, Directory, Oidc, Authentication, AuthenticationGuard],
})
export class IdentityModule {}
