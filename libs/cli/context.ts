import { ApiClient } from './api/client.ts';
import { CliError, usage } from './errors.ts';
import { presentOpa } from './doctor/programs.ts';
import type { PolicyModules } from './policy-files/modules.ts';
import type { PolicyRules } from './policy-files/rules.ts';
import type { Terminal } from './terminal.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What the command line takes from the rest of the product. Loaded when needed, so that `oce --help` is quick. */
export interface Parts {
  readonly rules: () => Promise<PolicyRules>;
  /** Checks of Rego modules with this OPA program. */
  readonly modules: (opa: string) => Promise<PolicyModules>;
}

/** Options that every command knows. */
export interface GlobalOptions {
  readonly url?: string;
  readonly token?: string;
  readonly as?: string;
  readonly dataDir?: string;
  readonly json?: boolean;
}

/** The world as commands see it. */
export interface World {
  readonly env: Environment;
  readonly terminal: Terminal;
  readonly parts: Parts;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Fires when the person wants to stop, or nobody reads the output any more. */
  readonly stop: AbortSignal;
}

/** What one command works with: the world, and the options that every command knows. */
export class Context {
  private client: ApiClient | undefined;

  constructor(
    readonly world: World,
    private readonly options: GlobalOptions,
  ) {}

  get terminal(): Terminal {
    return this.world.terminal;
  }

  get asJson(): boolean {
    return this.options.json === true;
  }

  get embedded(): boolean {
    return (this.world.env.OPENCLAW_PROFILE || 'embedded') === 'embedded';
  }

  get dataDir(): string {
    return this.options.dataDir ?? (this.world.env.OPENCLAW_DATA_DIR || '.openclaw');
  }

  /** False where the address of the service follows from PORT. */
  get urlIsGiven(): boolean {
    return Boolean(this.options.url ?? this.world.env.OCE_URL);
  }

  /** Where the service runs, without a slash at the end. */
  get url(): string {
    const given = this.options.url ?? (this.world.env.OCE_URL || `http://127.0.0.1:${this.world.env.PORT || 3000}`);
    if (!URL.canParse(given) || !['http:', 'https:'].includes(new URL(given).protocol)) {
      throw usage(`"${given}" is no URL of a service: it must look like http://127.0.0.1:3000`);
    }
    return given.replace(/\/+$/, '');
  }

  /** A client with the caller's token. Throws CliError saying how to get one where there is none. */
  async api(): Promise<ApiClient> {
    if (this.client) return this.client;
    const token = await this.token();
    if (token === undefined) throw this.noToken();
    return (this.client = this.connect(token));
  }

  /** A client that does not say who it is: for the probes. */
  anonymous(): ApiClient {
    return (this.client ??= this.connect(undefined));
  }

  /** The token given by --token, --as or OCE_TOKEN, in this order. */
  async token(): Promise<string | undefined> {
    const { token, as } = this.options;
    if (token !== undefined && as !== undefined) throw usage('give --token or --as, not both');
    if (as !== undefined) return this.mint(as);
    return token ?? (this.world.env.OCE_TOKEN || undefined);
  }

  /** The checks of Rego modules. Throws CliError where there is no OPA program to run them. */
  async modules(): Promise<PolicyModules> {
    const opa = await presentOpa(this.dataDir, this.world.env);
    if (opa) return this.world.parts.modules(opa);
    throw new CliError(
      'Rego modules are checked by OPA, and there is no OPA program here.',
      undefined,
      'Set OPA_BIN to an OPA 1.0 or newer, put "opa" on the PATH, or run "npm start" once, which finds or makes one.',
    );
  }

  /** A token of a demo person, made from the files of the embedded profile. */
  async mint(email: string): Promise<string> {
    if (!this.embedded) {
      throw new CliError(
        'Demo tokens exist in the embedded profile only; OPENCLAW_PROFILE is "external".',
        undefined,
        'Get a token from your identity provider, or make an agent token with POST /api/v1/agent-tokens.',
      );
    }
    const { mintDemoToken, ProfileError } = await import('#libs/profile');
    try {
      return await mintDemoToken(this.dataDir, email, new Date(this.world.now()));
    } catch (error) {
      if (error instanceof ProfileError) throw new CliError(error.message);
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.client?.close();
  }

  private connect(token: string | undefined): ApiClient {
    const { now, sleep, stop, terminal } = this.world;
    return new ApiClient({
      url: this.url,
      token,
      now,
      sleep,
      stop,
      waiting: (line) => void (this.asJson || terminal.err(line)),
    });
  }

  private noToken(): CliError {
    return new CliError(
      'This needs to know who is asking, and no token was given.',
      undefined,
      this.embedded
        ? 'Add --as <email> with a demo account, for example --as admin@acme.test; or set OCE_TOKEN=$(npx oce token admin@acme.test).'
        : 'Give a token of your identity provider, or an agent token, with --token or OCE_TOKEN.',
    );
  }
}
