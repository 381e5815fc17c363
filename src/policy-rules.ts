import type { PolicyRules } from '#libs/cli';
import { checkDocument, DOMAINS, findWidening, parseDocument, SCOPES } from './policy/rules/index.ts';

/** The rules of policy as the command line takes them: it knows domains by their names alone. */
export const POLICY_RULES: PolicyRules = {
  scopes: SCOPES,
  domains: DOMAINS,
  parse: parseDocument as PolicyRules['parse'],
  check: checkDocument as PolicyRules['check'],
  findWidening: findWidening as unknown as PolicyRules['findWidening'],
};
