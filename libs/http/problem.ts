/** Error codes of the API with their HTTP status and title. Source: the API contract, section "Conventions". */
export const PROBLEMS = {
  validation_failed: [400, 'The request is not valid'],
  authentication_required: [401, 'Sign-in required'],
  invalid_token: [401, 'The token is not valid'],
  forbidden: [403, 'Not allowed'],
  not_found: [404, 'Not found'],
  method_not_allowed: [405, 'Method not allowed'],
  request_timeout: [408, 'The request did not arrive in time'],
  conflict: [409, 'Conflict with the present state'],
  POLICY_HIERARCHY_VIOLATION: [409, 'A lower scope may not widen a higher one'],
  connector_unauthorised: [409, 'The connected system refuses the credentials'],
  precondition_failed: [412, 'The thing has changed meanwhile'],
  body_too_large: [413, 'The request body is too large'],
  uri_too_long: [414, 'The address is too long'],
  unsupported_media_type: [415, 'Unsupported media type'],
  idempotency_key_reused: [422, 'The idempotency key was used for another request'],
  rate_limited: [429, 'Too many requests'],
  headers_too_large: [431, 'The request headers are too large'],
  internal: [500, 'Internal error'],
  audit_unavailable: [503, 'The audit log cannot take entries now'],
  database_unavailable: [503, 'The database cannot be reached now'],
  connector_unavailable: [503, 'The connected system cannot be used now'],
  overloaded: [503, 'Too much work at once'],
  policy_engine_unreachable: [503, 'The policy engine cannot be reached now'],
  module_check_unavailable: [503, 'Rego modules cannot be checked now'],
} as const satisfies Record<string, readonly [number, string]>;

export type ProblemCode = keyof typeof PROBLEMS;

/** One wrong field: where, and what is accepted there. */
export interface FieldProblem {
  readonly path: string;
  readonly message: string;
  /** Where in a text that was given, from 1. */
  readonly line?: number | undefined;
  readonly column?: number | undefined;
  /** The rule of a Rego module. */
  readonly rule?: string | undefined;
}

export interface ProblemExtras {
  readonly errors?: readonly FieldProblem[];
  /** Seconds after which the same call may succeed. */
  readonly retryAfter?: number;
  /** Further members of the problem document. */
  readonly members?: Readonly<Record<string, unknown>>;
}

/** Every error that a caller is meant to see, as RFC 9457 problem details. Anything else becomes `internal`. */
export class Problem extends Error {
  readonly status: number;
  readonly title: string;

  constructor(
    readonly code: ProblemCode,
    readonly detail: string,
    readonly extras: ProblemExtras = {},
  ) {
    super(`${code}: ${detail}`);
    this.name = 'Problem';
    [this.status, this.title] = PROBLEMS[code];
  }

  /** The `application/problem+json` document. */
  toDocument(requestId: string): Record<string, unknown> {
    return {
      type: `urn:openclaw:problem:${this.code}`,
      title: this.title,
      status: this.status,
      detail: this.detail,
      code: this.code,
      requestId,
      ...(this.extras.errors ? { errors: this.extras.errors } : {}),
      ...this.extras.members,
    };
  }
}

/** A single wrong field. */
export function invalid(path: string, message: string): Problem {
  return new Problem('validation_failed', `${path}: ${message}`, { errors: [{ path, message }] });
}
