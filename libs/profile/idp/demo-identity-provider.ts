import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { type JWK } from 'jose';
import { type Provider } from 'oidc-provider';
import { freePort } from '../host/ports.ts';
import { privateDirectory } from '../host/private-files.ts';
import { secret } from '../host/secrets.ts';
import { type Progress } from '../progress.ts';
import {
  CLIENT_ID,
  type DemoAccount,
  type DemoPerson,
  keepAccounts,
  keepSigningKey,
  readIssuer,
  writeIssuer,
} from './demo-files.ts';
import { findPerson, signDemoToken } from './demo-token.ts';
import { loginPage, messagePage, pageHeaders } from './pages.ts';
import { createProvider } from './provider.ts';
import { SignIn } from './sign-in.ts';

export interface IdentityProviderOptions {
  dataDir: string;
  /** Of the gateway, exactly as it will send them. */
  redirectUris: string[];
  /** By default the root of every origin in `redirectUris`. */
  postLogoutRedirectUris?: string[] | undefined;
  accounts: readonly DemoPerson[];
  progress: Progress;
  now?: (() => Date) | undefined;
}

const LONGEST_FORM = 4_096;
const PORT_ATTEMPTS = 4;

/**
 * An OpenID provider for trying the product out: real OpenID Connect (discovery, code flow with PKCE, JWKS, end of
 * session) with a handful of people whose passwords the terminal shows. The subject of a person is their email address.
 */
export class DemoIdentityProvider {
  readonly #server: Server;
  readonly #provider: Provider;
  readonly #signingKey: JWK;
  readonly #signIn: SignIn;
  readonly #now: () => Date;
  readonly #origins: string[];
  readonly issuer: string;
  readonly clientId = CLIENT_ID;
  readonly clientSecret: string;
  readonly accounts: readonly DemoAccount[];

  private constructor(server: Server, port: number, signingKey: JWK, options: IdentityProviderOptions) {
    const { dataDir, redirectUris } = options;
    this.#server = server;
    this.#signingKey = signingKey;
    this.#now = options.now ?? (() => new Date());
    this.issuer = `http://127.0.0.1:${port}`;
    this.clientSecret = secret(dataDir, 'oidcClient');
    this.accounts = keepAccounts(dataDir, options.accounts);
    this.#signIn = new SignIn(this.accounts);
    this.#origins = [...new Set(redirectUris.map((uri) => new URL(uri).origin))];
    this.#provider = createProvider({
      issuer: this.issuer,
      port,
      clientSecret: this.clientSecret,
      cookieSecret: secret(dataDir, 'oidcCookies'),
      redirectUris,
      postLogoutRedirectUris: options.postLogoutRedirectUris ?? this.#origins.map((origin) => `${origin}/`),
      accounts: this.accounts,
      signingKey,
    });
    const protocol = this.#provider.callback();
    server.on('request', (request, response) => {
      this.#answer(request, response, protocol).catch(() => {
        this.#page(response, 500, messagePage('This did not work', 'Something went wrong. Please start again.'));
      });
    });
    writeIssuer(dataDir, { issuer: this.issuer, port });
  }

  static async start(options: IdentityProviderOptions): Promise<DemoIdentityProvider> {
    const { dataDir, progress } = options;
    privateDirectory(dataDir);
    const signingKey = await keepSigningKey(dataDir);
    const before = readIssuer(dataDir)?.port;
    const { server, port } = await listen(before);
    if (before && port !== before) {
      progress(`Port ${before} is taken, so the demo identity provider moved to ${port}: earlier tokens are void.`);
    }
    try {
      return new DemoIdentityProvider(server, port, signingKey, options);
    } catch (error) {
      server.close();
      throw error;
    }
  }

  /** A bearer token as `oce token` gives it, valid for 12 hours. Throws ProfileError `not_found`. */
  mintToken(email: string): Promise<string> {
    return signDemoToken(this.issuer, this.#signingKey, findPerson(this.accounts, email), this.#now());
  }

  /** Safe to call twice. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
    protocol: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
  ): Promise<void> {
    // A page elsewhere that points its own name at 127.0.0.1 (DNS rebinding) does not know this host name.
    if (request.headers.host !== new URL(this.issuer).host) {
      return this.#page(response, 421, messagePage('Wrong address', `Use ${this.issuer}.`));
    }
    const path = new URL(request.url ?? '/', this.issuer).pathname;
    if (!path.startsWith('/interaction/')) return protocol(request, response);
    try {
      await this.#provider.interactionDetails(request, response);
    } catch {
      const text = 'This sign-in has run out or was finished already. Go back to OpenClaw Enterprise and start again.';
      return this.#page(response, 400, messagePage('Please start again', text));
    }
    if (request.method === 'POST') return this.#signInWith(path, request, response);
    return this.#page(response, 200, loginPage({ action: path }));
  }

  async #signInWith(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = await readForm(request);
    const email = form?.get('email')?.trim() ?? '';
    const { account, wait } = await this.#signIn.check(email, form?.get('password') ?? '');
    if (account) {
      return this.#provider.interactionFinished(
        request,
        response,
        { login: { accountId: account.email, remember: false } },
        { mergeWithLastSubmission: false },
      );
    }
    if (wait !== undefined) {
      response.setHeader('retry-after', wait);
      const error = `Too many wrong tries. Wait ${wait} seconds, then try again.`;
      return this.#page(response, 429, loginPage({ action: path, email, error }));
    }
    const error = 'This email address and password do not belong together. Check both and try again.';
    return this.#page(response, 401, loginPage({ action: path, email, error }));
  }

  #page(response: ServerResponse, status: number, body: string): void {
    if (response.headersSent) return void response.end();
    response.writeHead(status, pageHeaders(this.#origins)).end(body);
  }
}

/** On the port of last time if it is free, so that the issuer in everybody's tokens stays the same. */
async function listen(preferred: number | undefined): Promise<{ server: Server; port: number }> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort(attempt === 1 ? preferred : undefined);
    const server = createServer({ requestTimeout: 30_000 });
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen({ port, host: '127.0.0.1', exclusive: true }, resolve);
      });
      return { server, port };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  let text = '';
  for await (const part of request.setEncoding('utf8')) {
    text += part;
    if (text.length > LONGEST_FORM) return undefined;
  }
  return new URLSearchParams(text);
}
