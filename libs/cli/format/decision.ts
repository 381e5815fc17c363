import { printable } from './printable.ts';

/** The answer of `POST /policy/evaluate`, as far as it is shown. */
export interface DecisionAnswer {
  readonly decisionId: string;
  readonly decision: 'allow' | 'require_approval' | 'deny';
  readonly autonomy: string;
  readonly reason: string;
  readonly constraints: Readonly<Record<string, unknown>>;
  readonly obligations: { readonly disclosure: boolean; readonly notify: boolean };
  readonly policies: readonly {
    readonly name: string;
    readonly scope: string;
    readonly scopeId: string;
    readonly version: string;
    readonly verdict: string;
  }[];
  readonly revision: string | number | null;
}

const HEADLINE = {
  allow: '✓ allow',
  require_approval: '? require_approval: a person decides',
  deny: '✗ deny',
} as const;

/** The first line of a decision. */
export function headlineOf({ decision }: DecisionAnswer): string {
  return HEADLINE[decision];
}

/** What follows the first line: reason, policies, constraints, ids. */
export function decisionLines(answer: DecisionAnswer): string[] {
  const duties = [
    ...(answer.obligations.disclosure ? ['say that an assistant acted'] : []),
    ...(answer.obligations.notify ? ['tell the person'] : []),
  ];
  return [
    `  reason    ${printable(answer.reason)}`,
    `  autonomy  ${answer.autonomy}`,
    ...(answer.policies.length === 0 ? ['  policies  none spoke: the built-in rules hold'] : []),
    ...answer.policies.map(
      ({ name, version, scope, scopeId, verdict }, at) =>
        `  ${at === 0 ? 'policies' : '        '}  ${printable(`"${name}" ${version} of ${scope} "${scopeId}": ${verdict}`)}`,
    ),
    ...(duties.length > 0 ? [`  must      ${duties.join('; ')}`] : []),
    ...Object.entries(answer.constraints).map(
      ([domain, limits], at) =>
        `  ${at === 0 ? 'limits  ' : '        '}  ${domain} ${printable(JSON.stringify(limits))}`,
    ),
    `  decision  ${answer.decisionId}${answer.revision === null ? '' : `, policy revision ${answer.revision}`}`,
  ];
}
