import { createPrivateKey } from 'node:crypto';
import { hostname } from 'node:os';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { cronProblem } from '../cron/cron.ts';
import { parseRedisUrl } from '../redis/address.ts';
import { parseSealingKeys } from '../sealing/sealing.ts';

const port = z.coerce.number().int().min(0).max(65_535);
const milliseconds = (min: number, max: number) => z.coerce.number().int().min(min).max(max);
const count = (min: number, max: number) => z.coerce.number().int().min(min).max(max);
const url = (...protocols: string[]) =>
  z
    .string()
    .refine(
      (value) => URL.canParse(value) && protocols.includes(new URL(value).protocol),
      `must be a URL that starts with ${protocols.map((p) => `${p}//`).join(' or ')}`,
    );
const secret = z.string().min(16, 'must have at least 16 characters').meta({ secret: true });

function isP256Key(pem: string): boolean {
  try {
    const key = createPrivateKey(pem);
    return key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
  } catch {
    return false;
  }
}

function areSealingKeys(text: string): boolean {
  try {
    return parseSealingKeys(text).length > 0;
  } catch {
    return false;
  }
}

function redisProblem(text: string): string | undefined {
  try {
    parseRedisUrl(text);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

const HOST = /^[a-z0-9.-]+(:\d{1,5})?$|^\[[0-9a-f:]+\](:\d{1,5})?$/;

/**
 * Every setting of the product, by the name of its environment variable. The reference `docs/configuration.md` is
 * generated from here. A setting may also be given as a file: `DATABASE_URL_FILE=/run/secrets/url`.
 */
export const SETTINGS = z.object({
  OPENCLAW_PROFILE: z
    .enum(['embedded', 'external'])
    .default('embedded')
    .describe('`embedded` starts PostgreSQL, OPA and a demo identity provider by itself; `external` uses yours.'),
  OPENCLAW_ROLE: z.enum(['gateway']).default('gateway').describe('What this process does.'),
  OPENCLAW_DATA_DIR: z
    .string()
    .min(1)
    .default('.openclaw')
    .describe('Where the embedded profile keeps its data, secrets and logs.'),
  OPENCLAW_REPLICA_ID: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,80}$/, 'may have letters, digits, ".", "_" and "-", at most 80')
    .default(hostname)
    .describe('Name of this replica in revisions, audit writers and logs. Default: the host name.'),
  HOST: z.string().min(1).default('127.0.0.1').describe('Address to listen on.'),
  PORT: port.min(1).default(3000).describe('Port of the API and the console.'),
  METRICS_PORT: port.default(9464).describe('Port of `GET /metrics`.'),
  PUBLIC_URL: url('http:', 'https:')
    .optional()
    .describe('Where people and identity provider reach this service. Default: `http://127.0.0.1:<PORT>`.'),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .describe('Least severe level that is logged.'),
  SHUTDOWN_GRACE_MS: milliseconds(0, 600_000)
    .default(10_000)
    .describe('How long requests may finish after SIGTERM, in milliseconds.'),
  REQUEST_BODY_LIMIT_BYTES: count(1024, 16_777_216).default(1_048_576).describe('Largest request body.'),
  BOOTSTRAP_TENANT: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be lower-case letters, digits and "-", at most 63')
    .optional()
    .describe(
      'External profile, first start: makes this tenant with `BOOTSTRAP_ADMIN_EMAIL` as its first enterprise_admin.',
    ),
  BOOTSTRAP_ADMIN_EMAIL: z
    .email()
    .optional()
    .describe('E-mail address of the first administrator, as the identity provider knows it.'),

  DATABASE_URL: url('postgres:', 'postgresql:')
    .meta({ secret: true })
    .optional()
    .describe('PostgreSQL 16, through PgBouncer in transaction mode if you like. Required in the external profile.'),
  DATABASE_DIRECT_URL: url('postgres:', 'postgresql:')
    .meta({ secret: true })
    .optional()
    .describe(
      'PostgreSQL without a pooler, as the owner of the schema: used by migrations alone. Default: `DATABASE_URL`.',
    ),
  DATABASE_POOL_SIZE: count(2, 200)
    .default(10)
    .describe('Connections of this process for queries. The audit writer has two more of its own.'),
  DATABASE_STATEMENT_TIMEOUT_MS: milliseconds(100, 600_000)
    .default(15_000)
    .describe('A query that takes longer is ended.'),

  REDIS_URL: z
    .string()
    .superRefine((text, context) => {
      const message = redisProblem(text);
      if (message) context.addIssue({ code: 'custom', message });
    })
    .meta({ secret: true })
    .optional()
    .describe(
      'Redis 7, through which replicas share limits and tell each other of changes: `redis://user:password@host:6379/0`, ' +
        '`rediss://` for TLS, the nodes of a cluster comma-separated. Needed with more than one replica. `docs/redis.md`',
    ),
  REDIS_PASSWORD: z
    .string()
    .min(1)
    .meta({ secret: true })
    .optional()
    .describe('Password for Redis, instead of the one in `REDIS_URL`.'),
  REDIS_CA: z
    .string()
    .includes('-----BEGIN CERTIFICATE-----', { error: 'must be certificates in PEM' })
    .optional()
    .describe('Certificate authority of Redis, in PEM. Default: those that Node trusts.'),
  REDIS_TIMEOUT_MS: milliseconds(10, 5_000)
    .default(200)
    .describe('How long a call may wait for Redis before this replica answers by itself.'),

  OPA_URL: url('http:', 'https:')
    .optional()
    .describe('Open Policy Agent 1.x. Default in the external profile: `http://localhost:8181`.'),
  OPA_TOKEN: secret.optional().describe('Bearer token that OPA asks for.'),
  OPA_TIMEOUT_MS: milliseconds(10, 60_000)
    .default(5_000)
    .describe('An evaluation that takes longer is denied with `policy_engine_unreachable`.'),
  OPA_BIN: z
    .string()
    .min(1)
    .optional()
    .describe(
      'The OPA program, 1.0 or newer. The embedded profile starts it, and finds or makes one where this is not set; every ' +
        'profile checks Rego modules with it before they are stored. Default for that: `opa` on the PATH.',
    ),
  MODULE_TIMEOUT_MS: milliseconds(10, 60_000)
    .default(1_000)
    .describe(
      'The same as `OPA_TIMEOUT_MS` where a Rego module takes part. A module that is too slow denies its own requests and ' +
        'no others.',
    ),
  OPA_BUNDLE_TOKEN: secret
    .optional()
    .describe('Bearer token with which OPA pulls bundles and reports its status. Required in the external profile.'),
  OPA_BUNDLE_SIGNING_KEY: z
    .string()
    .refine(
      isP256Key,
      'must be a private key in PEM for the curve P-256: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256',
    )
    .meta({ secret: true })
    .optional()
    .describe(
      'Private key with which bundles are signed; OPA gets the public half. The same for all replicas. Required in the external profile.',
    ),

  OIDC_ISSUER: url('http:', 'https:')
    .optional()
    .describe('OpenID Connect issuer, found by discovery. Required in the external profile.'),
  OIDC_CLIENT_ID: z.string().min(1).default('openclaw-enterprise').describe('Our client at the identity provider.'),
  OIDC_CLIENT_SECRET: z
    .string()
    .min(1)
    .meta({ secret: true })
    .optional()
    .describe('Secret of that client. Without it the client is public and PKCE alone protects the sign-in.'),
  OIDC_AUDIENCE: z
    .string()
    .min(1)
    .optional()
    .describe('Audience that bearer tokens must name. Default: `OIDC_CLIENT_ID`.'),
  OIDC_SCOPES: z.string().min(1).default('openid email profile').describe('Scopes asked for at sign-in.'),
  OIDC_ALGORITHMS: z
    .string()
    .default('RS256,PS256,ES256,EdDSA')
    .transform((v) =>
      v
        .split(',')
        .map((s) => s.trim())
        .filter(Boolean),
    )
    .pipe(
      z
        .array(z.enum(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']))
        .min(1),
    )
    .describe('Signature algorithms accepted on tokens, comma-separated. Never `none`, never a shared-secret one.'),
  OIDC_CLOCK_SKEW_SECONDS: count(0, 300).default(30).describe('Tolerance for the clocks of issuer and service.'),
  SESSION_TTL_MINUTES: count(5, 43_200).default(720).describe('How long a browser session lives.'),

  SEALING_KEYS: z
    .string()
    .refine(areSealingKeys, 'must be id:base64 of 32 bytes, comma-separated: k1:$(openssl rand -base64 32)')
    .meta({ secret: true })
    .optional()
    .describe(
      'Keys that seal credentials in the database (AES-256-GCM), as `id:base64`, comma-separated. The first seals, all open: ' +
        'to rotate, put a new one in front. The same for all replicas. Required in the external profile.',
    ),

  JOBS_POOL_SIZE: count(1, 50).default(3).describe('Connections of this process for fetching and settling jobs.'),
  JOBS_POLL_MS: milliseconds(500, 60_000)
    .default(2_000)
    .describe('How often an idle worker looks for jobs that another replica has sent.'),

  CONNECTOR_PRIVATE_HOSTS: z
    .string()
    .default('')
    .transform((text) =>
      text
        .split(',')
        .map((host) => host.trim().toLowerCase())
        .filter(Boolean),
    )
    .pipe(z.array(z.string().regex(HOST, 'must be host names or addresses, each with a port if you like')))
    .describe(
      'Hosts (or `host:port`) that connectors may reach though they are private or speak plain HTTP. Everything else must be ' +
        'https at a public address.',
    ),
  CONNECTOR_SYNC_INTERVAL_SECONDS: count(10, 86_400)
    .default(300)
    .describe('How old what is known of a system may grow.'),
  CONNECTOR_SYNC_CONCURRENCY: count(1, 200).default(8).describe('Syncs at a time in this process.'),
  CONNECTOR_CONCURRENCY: count(1, 1_000)
    .default(16)
    .describe('Requests at a time through one connector, in this process.'),
  CONNECTOR_QUEUE_LIMIT: count(1, 1_000_000)
    .default(1_000)
    .describe('Requests that may wait for one connector. Beyond it callers are told when to come back.'),
  CONNECTOR_RATE_LIMITS: z
    .string()
    .default('gmail:50/250,gcal:10/100,jira:20/100,github:10/300,gdrive:50/200')
    .refine(
      (text) => text.split(',').every((part) => /^(gmail|gcal|jira|github|gdrive):\d+(\.\d+)?\/\d+$/.test(part.trim())),
      'must be type:requests-a-second/burst, comma-separated',
    )
    .describe('Token bucket of each connector: requests a second, and how many at once.'),
  CONNECTOR_ATTEMPTS: count(1, 10).default(4).describe('How often a request to a vendor is tried at most.'),
  CONNECTOR_ATTEMPT_TIMEOUT_MS: milliseconds(10, 600_000)
    .default(20_000)
    .describe('How long a vendor may take for one answer.'),
  CONNECTOR_OPERATION_TIMEOUT_MS: milliseconds(10, 600_000)
    .default(60_000)
    .describe('How long one read or write may take with all its requests, waiting and retries included.'),

  AUDIT_QUEUE_LIMIT: count(100, 1_000_000)
    .default(20_000)
    .describe('Audit entries that may wait for the database. Beyond it callers get 503 with `Retry-After`.'),
  AUDIT_BATCH_LIMIT: count(1, 10_000).default(1_000).describe('Most audit entries written by one statement.'),
  AUDIT_APPEND_TIMEOUT_MS: milliseconds(100, 60_000)
    .default(5_000)
    .describe('How long a caller waits for its entry to be durable before it gets 503.'),
  AUDIT_PARTITIONS_AHEAD: count(1, 60).default(12).describe('Monthly audit partitions made in advance.'),

  BRIEFING_CRON: z
    .string()
    .max(100)
    .superRefine((value, context) => {
      const problem = value === 'off' ? undefined : cronProblem(value);
      if (problem) context.addIssue({ code: 'custom', message: `it ${problem}, or "off"` });
    })
    .meta({ accepted: 'cron expression of five fields, or `off`' })
    .default('0 8 * * 1-5')
    .describe(
      'When people who have a connector and have set nothing get their briefing, in their own time zone; `off`: never.',
    ),
  BRIEFING_REFRESH_MS: milliseconds(0, 60_000)
    .default(10_000)
    .describe(
      'How long a briefing waits for systems that have not been read lately. What comes later is in the next one.',
    ),

  EXCHANGES_PER_PAIR: count(1, 100_000).default(60).describe('New exchanges that two people may begin in an hour.'),
  EXCHANGE_REPEATS_PER_PAIR: count(1, 100_000)
    .default(3)
    .describe('How often two people may begin an exchange of one type with the same text in an hour.'),
  EXCHANGE_TEXT_DAYS: count(1, 3_650)
    .default(90)
    .describe('How long the texts of an exchange are kept after its end. That it took place stays.'),

  WS_CONNECTIONS: count(1, 1_000_000)
    .default(20_000)
    .describe('WebSocket connections of this process. A quarter of them may be waiting for their first frame.'),
  WS_CONNECTIONS_PER_PERSON: count(1, 10_000).default(20).describe('WebSocket connections for one person.'),
  WS_CONNECT_TIMEOUT_MS: milliseconds(100, 600_000)
    .default(10_000)
    .describe('How long a WebSocket may take until its first frame, `connect`.'),
  WS_FRAME_LIMIT_BYTES: count(1024, 16_777_216).default(262_144).describe('Largest frame that a WebSocket may send.'),
  WS_IN_FLIGHT: count(1, 10_000)
    .default(32)
    .describe('Requests of one WebSocket that are worked on at once. While there are as many, nothing more is read.'),
  WS_REQUESTS_PER_SECOND: count(1, 1_000_000)
    .default(100)
    .describe('Requests of one WebSocket a second; twice as many at once.'),
  WS_BUFFER_LIMIT_BYTES: count(65_536, 1_073_741_824)
    .default(1_048_576)
    .describe(
      'What may wait to be read at the other end of a WebSocket. Beyond it the connection is closed with 1013.',
    ),
  WS_SLOW_READER_MS: milliseconds(100, 600_000)
    .default(10_000)
    .describe('How long a WebSocket may leave more than 64 KiB unread before it is closed with 1013.'),
  WS_HEARTBEAT_MS: milliseconds(100, 600_000)
    .default(30_000)
    .describe('How often a WebSocket is asked for a sign of life. After two that were missed it is cut.'),

  MODEL_BASE_URL: url('http:', 'https:')
    .optional()
    .describe(
      'A language model behind an OpenAI-compatible API, such as `https://models.acme.example/v1`, that classifies messages and ' +
        'drafts replies where the `models` policy lets it see them. Without it: local rules, no network.',
    ),
  MODEL_API_KEY: z.string().min(1).meta({ secret: true }).optional().describe('Key of that API, where it wants one.'),
  MODEL_NAME: z.string().min(1).max(200).optional().describe('Which model to ask for. Needed with `MODEL_BASE_URL`.'),
  MODEL_PROVIDER: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,99}$/, 'must be a name of lower-case letters, digits, ".", "_" and "-"')
    .default('self-hosted')
    .describe('Who runs it, as the `models` policy names providers.'),
  MODEL_TIMEOUT_MS: milliseconds(100, 10_000)
    .default(6_000)
    .describe('A model that takes longer for one answer is not waited for; local rules answer.'),

  RATE_LIMIT_POLICY_CHANGES: count(1, 1_000_000).default(60).describe('Policy changes a tenant and minute.'),
  RATE_LIMIT_AUDIT_QUERIES: count(1, 1_000_000).default(120).describe('Audit queries a tenant and minute.'),
  RATE_LIMIT_WORK: count(1, 10_000_000)
    .default(60_000)
    .describe('Calls for tasks, briefings and approvals a tenant and minute.'),
  RATE_LIMIT_EXPORTS: count(1, 1_000_000).default(10).describe('Audit exports a tenant and minute.'),
  RATE_LIMIT_ADMIN: count(1, 1_000_000).default(60).describe('Other administration calls a tenant and minute.'),
  RATE_LIMIT_STATUS: count(1, 1_000_000).default(300).describe('Status calls a tenant and minute.'),
  RATE_LIMIT_EVALUATIONS: count(1, 100_000_000).default(1_000_000).describe('Policy evaluations a tenant and minute.'),
  RATE_LIMIT_AUDIT_APPENDS: count(1, 100_000_000)
    .default(2_000_000)
    .describe('Audit entries appended a tenant and minute.'),
  RATE_LIMIT_WEBHOOKS: count(1, 1_000_000)
    .default(600)
    .describe('Deliveries a connector, network address and minute; ten times as many an address.'),
  RATE_LIMIT_SIGN_IN: count(1, 1_000_000).default(120).describe('Sign-in attempts an address and minute.'),
});

export type Settings = z.output<typeof SETTINGS> & {
  PUBLIC_URL: string;
  DATABASE_URL: string;
  DATABASE_DIRECT_URL: string;
  OPA_URL: string;
  OPA_BUNDLE_TOKEN: string;
  OPA_BUNDLE_SIGNING_KEY: string;
  OIDC_ISSUER: string;
  OIDC_AUDIENCE: string;
  SEALING_KEYS: string;
};

/** Injection token of the settings. */
export const SETTINGS_TOKEN = Symbol('Settings');

/** The start stops here: each line names a setting, what was given and what is accepted. */
export class SettingsError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(
      `These settings are wrong:\n${problems.map((p) => `  - ${p}`).join('\n')}\nAll settings: docs/configuration.md`,
    );
    this.name = 'SettingsError';
  }
}

type Parsed = z.output<typeof SETTINGS>;
type Environment = Record<string, string | undefined>;

/**
 * Reads and checks the settings, before the embedded servers have added theirs.
 * @throws SettingsError
 */
export function readSettings(env: Environment): Parsed {
  const problems: string[] = [];
  const given: Environment = {};
  for (const name of Object.keys(SETTINGS.shape)) {
    try {
      given[name] = fromEnvironmentOrFile(env, name);
    } catch (error) {
      problems.push(`${name}_FILE=${env[`${name}_FILE`]}: cannot be read (${(error as Error).message})`);
    }
  }
  const result = SETTINGS.safeParse(given);
  for (const issue of result.error?.issues ?? []) problems.push(explain(String(issue.path[0]), given, issue.message));
  if (problems.length > 0 || !result.success) throw new SettingsError(problems);
  return result.data;
}

/**
 * Checks that nothing is missing and fills in what follows from other settings.
 * @throws SettingsError
 */
export function completeSettings(parsed: Parsed): Settings {
  const external = parsed.OPENCLAW_PROFILE === 'external';
  const complete = {
    ...parsed,
    PUBLIC_URL: (parsed.PUBLIC_URL ?? `http://127.0.0.1:${parsed.PORT}`).replace(/\/$/, ''),
    DATABASE_DIRECT_URL: parsed.DATABASE_DIRECT_URL ?? parsed.DATABASE_URL,
    OPA_URL: (parsed.OPA_URL ?? (external ? 'http://localhost:8181' : undefined))?.replace(/\/$/, ''),
    OIDC_AUDIENCE: parsed.OIDC_AUDIENCE ?? parsed.OIDC_CLIENT_ID,
  };
  const required = [
    'DATABASE_URL',
    'OPA_URL',
    'OPA_BUNDLE_TOKEN',
    'OPA_BUNDLE_SIGNING_KEY',
    'OIDC_ISSUER',
    'SEALING_KEYS',
  ] as const;
  if (parsed.MODEL_BASE_URL !== undefined && parsed.MODEL_NAME === undefined)
    throw new SettingsError([`MODEL_NAME is missing: ${SETTINGS.shape.MODEL_NAME.description ?? ''}`]);
  const missing = required.filter((name) => complete[name] === undefined);
  if (missing.length > 0) {
    throw new SettingsError(
      missing.map(
        (name) => `${name} is missing: ${SETTINGS.shape[name].description ?? ''} Or set OPENCLAW_PROFILE=embedded.`,
      ),
    );
  }
  return complete as Settings;
}

function fromEnvironmentOrFile(env: Environment, name: string): string | undefined {
  const direct = env[name];
  if (direct !== undefined && direct !== '') return direct;
  const file = env[`${name}_FILE`];
  return file ? readFileSync(file, 'utf8').trim() : undefined;
}

function explain(name: string, given: Environment, message: string): string {
  const field: z.ZodType = SETTINGS.shape[name as keyof typeof SETTINGS.shape];
  const isSecret = isSecretSetting(name);
  const value = given[name] === undefined ? 'missing' : isSecret ? '(not shown)' : `"${given[name]}"`;
  return `${name} is ${value}; accepted: ${acceptedBy(field)} (${message}). ${field.description ?? ''}`;
}

/** What a setting accepts, in words. */
export function acceptedBy(type: z.ZodType): string {
  const schema = z.toJSONSchema(type, { io: 'output', unrepresentable: 'any' }) as Record<string, unknown>;
  if (typeof schema.accepted === 'string') return schema.accepted;
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (schema.type === 'integer') return `${String(schema.minimum)} to ${String(schema.maximum)}`;
  if (schema.type === 'array') return 'comma-separated list';
  return 'text';
}

/** True where the value of a setting must never be shown or logged. */
export function isSecretSetting(name: string): boolean {
  const field: z.ZodType | undefined = SETTINGS.shape[name as keyof typeof SETTINGS.shape];
  for (let type: unknown = field; type instanceof z.ZodType;) {
    if ((type.meta() as { secret?: boolean } | undefined)?.secret) return true;
    type = (type.def as { innerType?: unknown; in?: unknown }).innerType ?? (type.def as { in?: unknown }).in;
  }
  return false;
}
