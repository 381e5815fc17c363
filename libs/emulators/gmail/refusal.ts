import type { EmulatedAnswer } from '../emulator-server.ts';

const STATUS_NAME: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
};

/** Google's error body. Source: "Resolve errors" in the Gmail API guides. */
export function gmailError(code: number, reason: string, message: string, domain = 'global'): EmulatedAnswer {
  const status = STATUS_NAME[code];
  return { status: code, body: { error: { code, message, errors: [{ message, domain, reason }], status } } };
}

/** A request that Gmail would refuse. */
export class GmailRefusal extends Error {
  constructor(
    readonly status: number,
    readonly reason: string,
    message: string,
  ) {
    super(message);
  }

  get answer(): EmulatedAnswer {
    return gmailError(this.status, this.reason, this.message);
  }
}

export const notFound = () => new GmailRefusal(404, 'notFound', 'Requested entity was not found.');
export const invalid = (message: string) => new GmailRefusal(400, 'invalidArgument', message);

export const UNAUTHORISED: EmulatedAnswer = {
  status: 401,
  headers: { 'www-authenticate': 'Bearer realm="https://accounts.google.com/", error="invalid_token"' },
  body: {
    error: {
      code: 401,
      message:
        'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.',
      errors: [{ message: 'Invalid Credentials', domain: 'global', reason: 'authError', location: 'Authorization' }],
      status: 'UNAUTHENTICATED',
    },
  },
};
