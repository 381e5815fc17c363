/** oidc-provider set up for one first-party client and a handful of demo people. */
import { type EventEmitter } from 'node:events';
import { type JWK } from 'jose';
import Provider, { type Configuration, type KoaContextWithOIDC } from 'oidc-provider';
import { CLIENT_ID, type DemoAccount, SIGNING_ALGORITHM, sameEmail } from './demo-files.ts';
import { memoryStore } from './memory-store.ts';
import { logoutPage, messagePage, pageHeaders } from './pages.ts';

const SCOPES = ['openid', 'email', 'profile'];
const HOUR = 60 * 60;

export interface ProviderParts {
  issuer: string;
  port: number;
  clientSecret: string;
  cookieSecret: string;
  redirectUris: string[];
  postLogoutRedirectUris: string[];
  accounts: readonly DemoAccount[];
  signingKey: JWK;
}

export function createProvider(parts: ProviderParts): Provider {
  const { issuer, port, accounts } = parts;
  const html = (ctx: KoaContextWithOIDC, body: string): void => {
    ctx.set(pageHeaders(parts.redirectUris.map((uri) => new URL(uri).origin)));
    ctx.body = body;
  };
  const configuration: Configuration = {
    adapter: memoryStore(),
    clients: [
      {
        client_id: CLIENT_ID,
        client_secret: parts.clientSecret,
        client_name: 'OpenClaw Enterprise',
        redirect_uris: parts.redirectUris,
        post_logout_redirect_uris: parts.postLogoutRedirectUris,
        response_types: ['code'],
        grant_types: ['authorization_code'],
        token_endpoint_auth_method: 'client_secret_basic',
        id_token_signed_response_alg: SIGNING_ALGORITHM,
      },
    ],
    jwks: { keys: [{ ...parts.signingKey }] } as Configuration['jwks'],
    scopes: SCOPES,
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    // The gateway knows a person from the ID token alone, without asking userinfo.
    conformIdTokenClaims: false,
    responseTypes: ['code'],
    pkce: { required: () => true },
    clientAuthMethods: ['client_secret_basic', 'client_secret_post'],
    features: {
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      devInteractions: { enabled: false },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => html(ctx, logoutPage(form)),
        postLogoutSuccessSource: (ctx) => html(ctx, messagePage('Signed out', 'You may close this page.')),
      },
    },
    // A browser sends cookies of 127.0.0.1 to all its ports: names of our own keep two gateways apart.
    cookies: {
      keys: [parts.cookieSecret],
      names: {
        session: `oce_idp_${port}_session`,
        interaction: `oce_idp_${port}_interaction`,
        resume: `oce_idp_${port}_resume`,
      },
    },
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_ctx, sub) => {
      const account = accounts.find(({ email }) => sameEmail(email, sub));
      return (
        account && {
          accountId: account.email,
          claims: () => ({ sub: account.email, email: account.email, email_verified: true, name: account.name }),
        }
      );
    },
    loadExistingGrant: grantFirstParty,
    clientBasedCORS: () => false,
    renderError: (ctx, out) =>
      html(ctx, messagePage('This did not work', out.error_description ?? out.error ?? 'Please start again.')),
    ttl: {
      AccessToken: HOUR,
      AuthorizationCode: 60,
      IdToken: 12 * HOUR,
      Interaction: HOUR,
      Session: 12 * HOUR,
      Grant: 12 * HOUR,
    },
  };
  const provider = new Provider(issuer, configuration);
  // Without a listener Koa prints errors; the page has told the person.
  (provider as EventEmitter).on('error', () => {});
  return provider;
}

/** Our own client: the person has agreed by signing in. */
async function grantFirstParty(ctx: KoaContextWithOIDC) {
  const { client, session, account, provider } = ctx.oidc;
  if (!client || !session || !account) return undefined;
  const known = session.grantIdFor(client.clientId);
  const found = known ? await provider.Grant.find(known) : undefined;
  if (found && found.accountId === account.accountId) return found;
  const grant = new provider.Grant({ clientId: client.clientId, accountId: account.accountId });
  grant.addOIDCScope(SCOPES.join(' '));
  grant.addOIDCClaims(['sub', 'email', 'email_verified', 'name']);
  await grant.save();
  return grant;
}
