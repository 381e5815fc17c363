import { readdirSync, readFileSync } from 'node:fs';

/** One process as /proc shows it. */
export interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  /** Processor time of its own, in ticks. */
  readonly ticks: number;
  /** Of children that have ended. */
  readonly childTicks: number;
  readonly residentPages: number;
}

/** What USER_HZ and the page size are on every Linux that Node runs on, but for arm64 kernels with larger pages. */
const TICKS_A_SECOND = 100;
const PAGE_BYTES = 4_096;

/** @returns undefined for a line that is none. Source: proc_pid_stat(5) */
export function parseStat(line: string): ProcessStat | undefined {
  const open = line.indexOf('(');
  const close = line.lastIndexOf(')');
  if (open < 0 || close < open) return undefined;
  // The third field is the first after the name.
  const fields = line.slice(close + 2).split(' ');
  const field = (n: number) => Number(fields[n - 3]);
  return {
    pid: Number(line.slice(0, open)),
    parent: field(4),
    name: line.slice(open + 1, close),
    ticks: field(14) + field(15),
    childTicks: field(16) + field(17),
    residentPages: field(24),
  };
}

/** The processes below one, itself included. */
export function descendants(all: readonly ProcessStat[], root: number): ProcessStat[] {
  const found = all.filter((process) => process.pid === root);
  for (const process of found) found.push(...all.filter((other) => other.parent === process.pid));
  return found;
}

export type Part = 'gateway' | 'opa' | 'postgres';
export interface Snapshot {
  readonly at: number;
  /** Processor seconds since each part's start. */
  readonly cpuSeconds: Record<Part, number>;
  readonly residentBytes: Record<'gateway' | 'opa', number>;
  /** Of everything on the machine, and of this process. */
  readonly machineSeconds: number;
  readonly ownSeconds: number;
}

/** What the gateway of this process id, its OPA and its PostgreSQL have used so far. Linux only: elsewhere all is 0. */
export function snapshot(gatewayPid: number): Snapshot {
  const own = process.cpuUsage();
  const family = descendants(readAll(), gatewayPid);
  const [gateway] = family;
  const opa = family.filter((process) => process.name === 'opa');
  const postgres = family.filter((process) => process.name === 'postgres');
  const sum = (processes: readonly ProcessStat[], of: (process: ProcessStat) => number) =>
    processes.reduce((total, process) => total + of(process), 0);
  // A backend that has ended is counted by its parent, the postmaster.
  const ended = sum(postgres, (process) => process.childTicks);
  return {
    at: performance.now(),
    cpuSeconds: {
      gateway: (gateway?.ticks ?? 0) / TICKS_A_SECOND,
      opa: sum(opa, (process) => process.ticks) / TICKS_A_SECOND,
      postgres: (sum(postgres, (process) => process.ticks) + ended) / TICKS_A_SECOND,
    },
    residentBytes: {
      gateway: (gateway?.residentPages ?? 0) * PAGE_BYTES,
      opa: sum(opa, (process) => process.residentPages) * PAGE_BYTES,
    },
    machineSeconds: busySeconds(read('/proc/stat')),
    ownSeconds: (own.user + own.system) / 1e6,
  };
}

/** Processor time that was not idle, of all cores. Source: proc_stat(5) */
export function busySeconds(stat: string): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (/^cpu +(.+)$/m.exec(stat)?.[1] ?? '')
    .split(' ')
    .map(Number);
  return (user + nice + system + irq + softirq + steal) / TICKS_A_SECOND;
}

/** Shares of one core between two looks; `others` is everything on the machine that has no part in the test. */
export function cpuShares(before: Snapshot, after: Snapshot): Record<Part | 'others', number> {
  const seconds = Math.max(0.001, (after.at - before.at) / 1_000);
  const share = (part: Part) => Math.max(0, after.cpuSeconds[part] - before.cpuSeconds[part]) / seconds;
  const parts = { gateway: share('gateway'), opa: share('opa'), postgres: share('postgres') };
  const all = (after.machineSeconds - before.machineSeconds) / seconds;
  const harness = (after.ownSeconds - before.ownSeconds) / seconds;
  return { ...parts, others: Math.max(0, all - harness - parts.gateway - parts.opa - parts.postgres) };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function readAll(): ProcessStat[] {
  let names: string[];
  try {
    names = readdirSync('/proc');
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      return parseStat(readFileSync(`/proc/${name}/stat`, 'utf8')) ?? [];
    } catch {
      return []; // it has just ended
    }
  });
}
