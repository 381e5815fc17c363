import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** The parameters and pass criteria of every scenario, from the file that the k6 scripts read as well. */

const mixed = z.object({
  kind: z.string(),
  weight: z.number().int().positive(),
  /** The decision that the demo tenant's policies give; absent: not checked. */
  expect: z.enum(['allow', 'require_approval', 'deny']).optional(),
  body: z.record(z.string(), z.unknown()),
});
export type MixedCall = z.output<typeof mixed>;

/** By what the receiver's rules, or the message itself, make of it, and the state to which that brings it. */
const message = z.object({
  kind: z.enum(['autonomous', 'notify', 'approval', 'surfaced', 'ignored']),
  weight: z.number().int().positive(),
  expect: z.enum(['sent', 'drafted', 'surfaced', 'ignored']),
});
export type MessageKind = z.output<typeof message>['kind'];
export type MessageState = z.output<typeof message>['expect'];

const users = z.number().int().positive();
const criteria = <T extends z.ZodRawShape>(shape: T) => z.strictObject(shape);
const rate = z.number().min(0).max(1);

const SCENARIOS = z.object({
  briefing: z.object({
    title: z.string(),
    users,
    callsPerUser: users,
    path: z.string(),
    criteria: criteria({ p95Ms: users, p99Ms: users, errorRate: rate }),
  }),
  messages: z.object({
    title: z.string(),
    users,
    /** Messages a second: the mixed workload has a quarter of more than 1,000/s on a cluster; two cores are offered a tenth of it. */
    rate: users,
    durationSeconds: users,
    path: z.string(),
    criteria: criteria({ p95Ms: users, aimMs: users, errorRate: rate }),
    mix: z.array(message),
  }),
  connectors: z.object({
    title: z.string(),
    users,
    rounds: users,
    faultShare: rate,
    criteria: criteria({ errors: z.literal(0), lost: z.literal(0), slowest: z.number().positive() }),
  }),
  policy: z.object({
    title: z.string(),
    users,
    callsPerUser: users,
    path: z.string(),
    criteria: criteria({ p95Ms: users, p99Ms: users, errorRate: rate }),
    mix: z.array(mixed),
  }),
  audit: z.object({
    title: z.string(),
    users,
    durationSeconds: users,
    path: z.string(),
    criteria: criteria({ p95Ms: users, errorRate: rate, dropped: z.literal(0) }),
    mix: z.array(mixed),
  }),
  propagation: z.object({ title: z.string(), changes: users, criteria: criteria({ maxMs: users }) }),
  'audit-queries': z.object({
    title: z.string(),
    entries: users,
    writesPerSecond: users,
    readers: users,
    callsPerFilter: users,
    criteria: criteria({ p95Ms: users, errorRate: rate }),
  }),
  websocket: z.object({
    title: z.string(),
    users,
    rate: users,
    durationSeconds: users,
    criteria: criteria({ p95Ms: users, p99Ms: users, errorRate: rate, kibPerSocket: users }),
  }),
  memory: z.object({
    title: z.string(),
    users,
    durationSeconds: users,
    sampleSeconds: users,
    criteria: criteria({ growth: rate }),
  }),
});

export const scenarios = SCENARIOS.parse(
  JSON.parse(readFileSync(new URL('./scenarios.json', import.meta.url), 'utf8')),
);

/** Each call of a mix as often as its weight says, the kinds spread evenly, so that any run of neighbours is a fair sample. */
export function spread<T extends { readonly weight: number }>(mix: readonly T[]): T[] {
  return mix
    .flatMap((call) => Array.from({ length: call.weight }, (_, n) => ({ call, at: (n + 0.5) / call.weight })))
    .sort((a, b) => a.at - b.at)
    .map(({ call }) => call);
}
