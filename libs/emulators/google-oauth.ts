import { randomBytes, timingSafeEqual } from 'node:crypto';
import { importSPKI, jwtVerify } from 'jose';
import { type EmulatedAnswer, EmulatorServer } from './emulator-server.ts';
import type { Emulator, FaultPlan } from './emulator.ts';

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** What takes the access tokens: any emulator of a Google API. */
interface TokenTaker {
  addToken(token: string, email: string): void;
  revokeToken(token: string): void;
}

/** Google's token endpoint. Source: "Using OAuth 2.0 for Server to Server Applications" and RFC 6749, 7523. */
export interface GoogleOAuthEmulator extends Emulator {
  readonly tokenUrl: string;
  faults: FaultPlan;
  addClient(clientId: string, clientSecret: string): void;
  addRefreshToken(refreshToken: string, email: string): void;
  revokeRefreshToken(refreshToken: string): void;
  /** A service account that may act for everybody in the domains named. */
  addServiceAccount(email: string, publicKeyPem: string, domains: readonly string[]): void;
  /** The emulator takes every token that is issued from now on. */
  servesTokensTo(api: TokenTaker): void;
  /** Every access token issued so far is refused from now on. */
  expireAccessTokens(): void;
}

export async function startGoogleOAuthEmulator(options: { readonly port?: number } = {}): Promise<GoogleOAuthEmulator> {
  const clients = new Map<string, string>();
  const refreshTokens = new Map<string, string>();
  const services = new Map<string, { readonly key: string; readonly domains: readonly string[] }>();
  const takers = new Set<TokenTaker>();
  const issued = new Set<string>();

  const issue = (email: string, scope: string | null): EmulatedAnswer => {
    const token = `ya29.${randomBytes(24).toString('base64url')}`;
    issued.add(token);
    for (const taker of takers) taker.addToken(token, email);
    const body = { access_token: token, expires_in: 3599, token_type: 'Bearer', ...(scope === null ? {} : { scope }) };
    return { status: 200, headers: { 'cache-control': 'no-store' }, body };
  };

  const refresh = (form: URLSearchParams): EmulatedAnswer => {
    const secret = clients.get(form.get('client_id') ?? '');
    if (secret === undefined || !same(secret, form.get('client_secret') ?? ''))
      return refusal(401, 'invalid_client', 'The OAuth client was not found.');
    const email = refreshTokens.get(form.get('refresh_token') ?? '');
    if (email === undefined) return refusal(400, 'invalid_grant', 'Token has been expired or revoked.');
    return issue(email, form.get('scope'));
  };

  const assertion = async (form: URLSearchParams): Promise<EmulatedAnswer> => {
    const jwt = form.get('assertion') ?? '';
    try {
      const { iss = '' } = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()) as { iss?: string };
      const service = services.get(iss);
      if (service === undefined) return refusal(400, 'invalid_grant', 'Invalid grant: account not found');
      const { payload } = await jwtVerify(jwt, await importSPKI(service.key, 'RS256'), {
        algorithms: ['RS256'],
        audience: ['https://oauth2.googleapis.com/token', `${server.url}/token`],
        requiredClaims: ['iat', 'exp', 'scope'],
        maxTokenAge: '1h',
      });
      const email = payload.sub ?? iss;
      if (email !== iss && !service.domains.some((domain) => email.endsWith(`@${domain}`)))
        return refusal(
          401,
          'unauthorized_client',
          'Client is unauthorized to retrieve access tokens using this method.',
        );
      return issue(email, null);
    } catch {
      return refusal(400, 'invalid_grant', 'Invalid JWT Signature.');
    }
  };

  const server = await EmulatorServer.listen(
    {
      unauthorised: () => ({ status: 404 }),
      isOpen: ({ path }) => path === '/token',
      answer: ({ method, path, body }) => {
        if (method !== 'POST' || path !== '/token') return { status: 404 };
        const form = new URLSearchParams(body.toString());
        if (form.get('grant_type') === 'refresh_token') return refresh(form);
        if (form.get('grant_type') === JWT_BEARER) return assertion(form);
        return refusal(400, 'unsupported_grant_type', 'Invalid grant_type');
      },
    },
    options.port,
  );

  return Object.assign(server, {
    tokenUrl: `${server.url}/token`,
    addClient: (id: string, secret: string) => void clients.set(id, secret),
    addRefreshToken: (token: string, email: string) => void refreshTokens.set(token, email),
    revokeRefreshToken: (token: string) => void refreshTokens.delete(token),
    addServiceAccount: (email: string, key: string, domains: readonly string[]) =>
      void services.set(email, { key, domains }),
    servesTokensTo: (api: TokenTaker) => void takers.add(api),
    expireAccessTokens: () => {
      for (const token of issued) for (const taker of takers) taker.revokeToken(token);
      issued.clear();
    },
  });
}

function refusal(status: number, error: string, description: string): EmulatedAnswer {
  return { status, body: { error, error_description: description } };
}

function same(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
