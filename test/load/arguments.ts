import { parseArgs } from 'node:util';

/** A wrong command line; the message says what is accepted. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const READY = [
  'briefing',
  'policy',
  'audit',
  'connectors',
  'messages',
  'propagation',
  'audit-queries',
  'memory',
  'websocket',
] as const;
export const PLANNED = ['mixed'] as const;
export type ScenarioName = (typeof READY)[number];

export interface LoadOptions {
  readonly scenario: ScenarioName | (typeof PLANNED)[number];
  readonly users?: number | undefined;
  readonly durationMs?: number | undefined;
  /** Calls a second of the open model; absent: the closed model. */
  readonly rate?: number | undefined;
  readonly url?: string | undefined;
  readonly token?: string | undefined;
  readonly json?: string | undefined;
  /** Each virtual user has an agent token, or all share one. */
  readonly tokens: 'each' | 'one';
  /** How often the measured part is repeated. */
  readonly runs: number;
  /** Active policies seeded before. */
  readonly policies?: number | undefined;
  /** Entries a call of the audit scenario. */
  readonly batch: number;
  readonly changes?: number | undefined;
  readonly entries?: number | undefined;
  /** Finds the highest rate at P99 < 500 ms. */
  readonly sustained: boolean;
  /** Raises the rate until P95 reaches 50 ms. */
  readonly ramp: boolean;
  readonly help: boolean;
}

export const USAGE = `npm run load -- <scenario> [options]

Scenarios
  briefing        500 people ask for a briefing at once; what their five systems hold has been read before
  policy          500 users, 10 evaluations each; every decision is then looked for in the audit log
  audit           500 users write entries for 60 s; what was acknowledged is then counted in the table
  connectors      100 people read and write in five systems at once while these fail and set limits
  messages        messages come by chance for 500 people, 25 a second for 60 s: answered, drafted, surfaced or ignored, once each
  propagation     from sending a policy change until OPA decides by it
  audit-queries   every filter of GET /audit over a full log while entries are written
  memory          policy and audit calls for 10 minutes; does memory level off?
  websocket       2,000 WebSockets: what each costs in memory, and how long requests take that come by chance
  (mixed is not there yet)

Options
  --users N           virtual users, one connection each
  --duration 60s      how long (ms, s, m)
  --rate R            calls a second arrive by chance (open model); without it every user calls as soon as it is answered
  --runs N            repeats the measured part; each is shown, the best counts (1)
  --url U --token T   a gateway on this machine and an administrator's token; without it one of its own is started
  --tokens one        one agent token for all users instead of one each
  --json FILE         writes everything that was measured
  --policies N        policy, propagation: seeds so many active policies first
  --sustained         policy: the highest rate with P99 below 500 ms
  --batch N           audit: entries a call, 1 to 500 (1)
  --ramp              audit: the rate at which P95 reaches 50 ms
  --changes N         propagation: policy changes (50)
  --entries N         audit-queries: entries in the log (1000000)`;

/** @throws UsageError */
export function parseArguments(argv: readonly string[]): LoadOptions {
  const { values, positionals } = parse(argv);
  const [scenario = values.help ? 'policy' : undefined, ...others] = positionals;
  const known = [...READY, ...PLANNED];
  if (scenario === undefined) throw new UsageError(`Which scenario? There are: ${known.join(', ')}.`);
  if (others.length > 0) throw new UsageError(`One scenario at a time; "${others[0]}" is one too many.`);
  if (!isOneOf(known, scenario)) {
    throw new UsageError(`There is no scenario "${scenario}". There are: ${known.join(', ')}.`);
  }
  const options: LoadOptions = {
    scenario,
    users: whole('users', values.users, 1, 5_000),
    durationMs: values.duration === undefined ? undefined : parseDuration(values.duration),
    rate: whole('rate', values.rate, 1, 100_000),
    url: values.url === undefined ? undefined : loopbackUrl(values.url),
    token: values.token,
    json: values.json,
    tokens: tokensOf(values.tokens),
    runs: whole('runs', values.runs, 1, 20) ?? 1,
    policies: whole('policies', values.policies, 1, 100_000),
    batch: whole('batch', values.batch, 1, 500) ?? 1,
    changes: whole('changes', values.changes, 1, 10_000),
    entries: whole('entries', values.entries, 1_000, 10_000_000),
    sustained: values.sustained ?? false,
    ramp: values.ramp ?? false,
    help: values.help ?? false,
  };
  refuseMisfits(options);
  return options;
}

function parse(argv: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        ...{ users: text, duration: text, rate: text, url: text, token: text, json: text, runs: text },
        ...{
          policies: text,
          batch: text,
          changes: text,
          entries: text,
          tokens: text,
          sustained: flag,
          ramp: flag,
          help: flag,
        },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** Which option belongs to which scenarios: one that would be ignored is refused. */
const BELONGS: Partial<Record<keyof LoadOptions, readonly LoadOptions['scenario'][]>> = {
  policies: ['policy', 'propagation'],
  sustained: ['policy'],
  ramp: ['audit'],
  batch: ['audit'],
  changes: ['propagation'],
  entries: ['audit-queries'],
};

function refuseMisfits(options: LoadOptions): void {
  for (const [name, scenarios] of Object.entries(BELONGS)) {
    const value = options[name as keyof LoadOptions];
    const isGiven = value !== undefined && value !== false && !(name === 'batch' && value === 1);
    if (isGiven && !scenarios.includes(options.scenario)) {
      throw new UsageError(`--${name} belongs to ${scenarios.join(' and ')}, not to ${options.scenario}.`);
    }
  }
  if (options.url !== undefined && options.token === undefined) {
    throw new UsageError('--url needs --token: that of an administrator, who imports people and makes agent tokens.');
  }
  if (options.url === undefined && options.token !== undefined) throw new UsageError('--token needs --url.');
  if (options.url !== undefined && (options.policies !== undefined || options.scenario === 'audit-queries')) {
    throw new UsageError('Seeding writes into the database directly: without --url, on a gateway of its own.');
  }
  if (options.rate !== undefined && (options.sustained || options.ramp)) {
    throw new UsageError('--rate is what --sustained and --ramp look for: give one of them.');
  }
}

function whole(name: string, text: string | undefined, min: number, max: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new UsageError(`--${name} is "${text}"; accepted: a whole number from ${min} to ${max}.`);
}

const UNITS = { ms: 1, s: 1_000, m: 60_000 } as const;
const LONGEST_MS = 2 * 3_600_000;

/** @returns milliseconds */
export function parseDuration(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text) ?? [];
  const ms = Math.round(Number(number) * UNITS[unit as keyof typeof UNITS]);
  if (ms >= 100 && ms <= LONGEST_MS) return ms;
  throw new UsageError(`--duration is "${text}"; accepted: a time such as 500ms, 60s or 10m, from 100ms to 120m.`);
}

/** Load is for machines of one's own: other addresses are refused. */
function loopbackUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isLoopback =
    url && (/^127\.\d+\.\d+\.\d+$/.test(url.hostname) || ['localhost', '[::1]'].includes(url.hostname));
  if (url?.protocol === 'http:' && isLoopback) return url.origin;
  throw new UsageError(`--url is "${text}"; accepted: an http address of this machine, such as http://127.0.0.1:3000.`);
}

function tokensOf(text = 'each'): 'each' | 'one' {
  if (text === 'each' || text === 'one') return text;
  throw new UsageError(`--tokens is "${text}"; accepted: each, one.`);
}

function isOneOf<T extends string>(names: readonly T[], name: string): name is T {
  return (names as readonly string[]).includes(name);
}
