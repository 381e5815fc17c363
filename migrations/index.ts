import { Directory1764000000000 } from './1764000000000-directory.ts';
import { Audit1764000001000 } from './1764000001000-audit.ts';
import { Policy1764000002000 } from './1764000002000-policy.ts';
import { RegoModules1764000003000 } from './1764000003000-rego-modules.ts';
import { PolicyShards1764000004000 } from './1764000004000-policy-shards.ts';
import { CredentialVersion1764000005000 } from './1764000005000-credential-version.ts';
import { AuditTerms1764000006000 } from './1764000006000-audit-terms.ts';
import { ModuleChecks1764000008000 } from './1764000008000-module-checks.ts';
import { Connectors1764000009000 } from './1764000009000-connectors.ts';
import { Briefing1764000010000 } from './1764000010000-briefing.ts';
import { BriefingMends1764000010500 } from './1764000010500-briefing-mends.ts';
import { PersonEvents1764000011000 } from './1764000011000-person-events.ts';
import { Approvals1764000012000 } from './1764000012000-approvals.ts';
import { Exchange1764000014000 } from './1764000014000-exchange.ts';
import { AutoResponse1764000013000 } from './1764000013000-auto-response.ts';

/** In the order in which they run. */
export const MIGRATIONS = [
  Directory1764000000000,
  Audit1764000001000,
  Policy1764000002000,
  RegoModules1764000003000,
  PolicyShards1764000004000,
  CredentialVersion1764000005000,
  AuditTerms1764000006000,
  ModuleChecks1764000008000,
  Connectors1764000009000,
  Briefing1764000010000,
  BriefingMends1764000010500,
  PersonEvents1764000011000,
  Approvals1764000012000,
  Exchange1764000014000,
  AutoResponse1764000013000,
];
