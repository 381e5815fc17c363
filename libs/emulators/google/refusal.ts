import type { EmulatedAnswer, EmulatedRequest } from '../emulator-server.ts';

/** A request that Google would refuse. Source: "Error responses" of the Google Workspace APIs. */
export class GoogleRefusal extends Error {
  constructor(
    readonly status: number,
    readonly reason: string,
    message: string,
    readonly location?: string,
  ) {
    super(message);
  }

  get answer(): EmulatedAnswer {
    const place = this.location === undefined ? {} : { locationType: 'parameter', location: this.location };
    const error = { domain: 'global', reason: this.reason, message: this.message, ...place };
    return {
      status: this.status,
      body: { error: { errors: [error], code: this.status, message: this.message } },
    };
  }
}

export const UNAUTHORISED: EmulatedAnswer = {
  status: 401,
  headers: { 'www-authenticate': 'Bearer realm="https://accounts.google.com/", error="invalid_token"' },
  body: {
    error: {
      code: 401,
      message: 'Request had invalid authentication credentials. Expected OAuth 2 access token.',
      errors: [{ message: 'Invalid Credentials', domain: 'global', reason: 'authError', location: 'Authorization' }],
      status: 'UNAUTHENTICATED',
    },
  },
};

export function notFound(what = 'Not Found'): GoogleRefusal {
  return new GoogleRefusal(404, 'notFound', what);
}

export function invalid(message: string, location?: string): GoogleRefusal {
  return new GoogleRefusal(400, 'invalid', message, location);
}

/** The JSON object in the body of a request. */
export function bodyOf(request: EmulatedRequest): Record<string, unknown> {
  return objectIn(request.body.toString('utf8'));
}

export function objectIn(text: string): Record<string, unknown> {
  if (text === '') return {};
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown>;
  } catch {
    // Refused below, as anything else that is no object.
  }
  throw new GoogleRefusal(400, 'parseError', 'Parse Error');
}

/** Opaque tokens for pages and positions. */
export function seal(content: unknown): string {
  return Buffer.from(JSON.stringify(content)).toString('base64url');
}

/** What is in a token; null where the token is none of ours. */
export function unseal(token: string): Record<string, unknown> | null {
  try {
    const content: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
    return typeof content === 'object' && content !== null ? (content as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** `maxResults`, `pageSize`: a number between 1 and `most`. */
export function sizeIn(query: URLSearchParams, name: string, usual: number, most: number): number {
  const given = query.get(name);
  if (given === null) return usual;
  const size = Number(given);
  if (!Number.isInteger(size) || size < 1) throw invalid(`Invalid value '${given}'`, name);
  return Math.min(size, most);
}
