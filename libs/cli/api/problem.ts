import { printable } from '../format/printable.ts';

/** An RFC 9457 problem document as the service sends it. */
export interface ProblemDocument {
  readonly title: string;
  readonly status?: number;
  readonly detail?: string;
  readonly code: string;
  readonly requestId?: string;
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
  readonly violations?: readonly HierarchyViolation[];
  readonly [member: string]: unknown;
}

/** One field of a policy that asks for more than a policy above allows. */
export interface HierarchyViolation {
  readonly field: string;
  readonly parentPolicy: {
    readonly name: string;
    readonly scope: string;
    readonly scopeId: string;
    readonly version: string;
  };
  readonly parentValue: unknown;
  readonly value: unknown;
}

/** The problem in an answer; where the answer is none (a proxy's page, say), one made of its status. */
export function toProblem(status: number, contentType: string | null, body: string): ProblemDocument {
  if (contentType?.includes('json')) {
    try {
      const parsed: unknown = JSON.parse(body);
      if (typeof parsed === 'object' && parsed !== null && 'code' in parsed && 'title' in parsed) {
        return parsed as ProblemDocument;
      }
    } catch {
      // told below
    }
  }
  return {
    title: `HTTP ${status}`,
    status,
    code: 'unexpected_answer',
    detail: `The answer is no problem document: ${body.trim().slice(0, 200) || 'it is empty'}`,
  };
}

/** The lines that tell a person what the server refused and why. */
export function problemLines(problem: ProblemDocument): string[] {
  const lines = [problem.detail ? `${problem.title}: ${problem.detail}` : problem.title];
  if (problem.violations) lines.push(...problem.violations.flatMap(violationLines));
  else if ((problem.errors?.length ?? 0) > 1) {
    lines.push(...problem.errors!.map(({ path, message }) => `  ${path}: ${message}`));
  }
  if (problem.requestId) lines.push(`  request ${problem.requestId}`);
  return lines.map(printable);
}

export function violationLines({ field, parentPolicy, parentValue, value }: HierarchyViolation): string[] {
  const { name, version, scope, scopeId } = parentPolicy;
  return [
    `  field          ${field}`,
    `  parent policy  "${name}" ${version} of ${scope} "${scopeId}"`,
    `  parent value   ${JSON.stringify(parentValue)}`,
    `  value given    ${JSON.stringify(value)}`,
  ];
}

/** What a person can do about a refusal, where it is not plain from the refusal itself. */
export function remedyFor({ code }: ProblemDocument): string | undefined {
  switch (code) {
    case 'authentication_required':
    case 'invalid_token':
      return 'Give a valid token with --token or OCE_TOKEN; in the embedded profile, --as <email> makes one.';
    case 'forbidden':
      return 'Ask as somebody who may: an enterprise_admin may do everything in the tenant.';
    case 'precondition_failed':
      return 'Somebody changed the policy meanwhile. Look at it with "npx oce policy list" and apply again.';
    case 'unexpected_answer':
      return 'Is that URL the service? "npx oce doctor" looks closer.';
    default:
      return undefined;
  }
}
