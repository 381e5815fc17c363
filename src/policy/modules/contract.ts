import { FEATURES, type Domain } from '../rules/index.ts';

/** The rules of a module that somebody outside reads. Source: DOMAIN rules, section 2, "Rego modules". */
export const CONTRACT = ['autonomy', 'deny', 'require_approval', 'constraints'] as const;

/** Bytes of UTF-8. */
export const MAX_MODULE_BYTES = 64 * 1024;
export const MAX_RULES = 200;
/** Levels of terms inside each other. */
export const MAX_NESTING = 24;
/** Comprehensions inside each other. */
export const MAX_COMPREHENSIONS = 3;
/** How many times larger than a request a value may be made. */
export const MAX_GROWTH = 1_000;
/** Messages of one evaluation. The base Rego gives five of them as the reason, each cut to 200 characters. */
export const MAX_MESSAGES = 1_000;

/** The constraints of a domain that a module may set: those that decisions carry. `modules.rego` knows the same ones. */
export const CONSTRAINTS: Readonly<Record<Domain, readonly string[]>> = {
  actions: ['blocked'],
  integrations: ['connectors'],
  models: ['allowed_providers', 'allowed_classifications', 'max_classification', 'sensitive_data_model'],
  data: ['external_sharing_max', 'retention'],
  features: FEATURES,
  'agent-to-agent': ['enabled', 'allowed_exchange_types', 'max_classification_shared', 'max_rounds', 'cross_org'],
  audit: ['log_all_actions', 'retention_years', 'export_roles'],
};

/** One thing wrong with a module. */
export interface ModuleIssue {
  readonly message: string;
  /** From 1. */
  readonly line?: number | undefined;
  readonly column?: number | undefined;
  /** The rule it stands in. */
  readonly rule?: string | undefined;
}

/** `line 3, column 5, rule deny: …` */
export function issueText({ message, line, column, rule }: ModuleIssue): string {
  const place = [
    ...(line === undefined ? [] : [`line ${line}`]),
    ...(column === undefined ? [] : [`column ${column}`]),
    ...(rule === undefined ? [] : [`rule ${rule}`]),
  ].join(', ');
  return place === '' ? message : `${place}: ${message}`;
}
