import type { RecordableHistogram } from 'node:perf_hooks';

/** What the main thread and a generator's worker say to each other. */

/** A call, ready to be written to a socket. */
export interface PreparedCall {
  readonly bytes: Uint8Array;
  /** Which virtual user makes it; calls of the open model go round all users. */
  readonly user: number;
  /** Index into `labels`: latencies are kept apart by it. */
  readonly label: number;
  readonly status: number;
  /** The decision that must be answered. */
  readonly decision?: string | undefined;
}

/** Who is at the other end of a WebSocket, and whom they write to. */
export interface LiveEnd {
  readonly token: string;
  readonly userId: string;
  readonly orgId: string;
  readonly tenantId: string;
  readonly peer: string;
}

export interface Setup {
  readonly host: string;
  readonly port: number;
  readonly connections: number;
  readonly labels: readonly string[];
  readonly calls: readonly PreparedCall[];
  readonly timeoutMs: number;
  /** The connections are WebSockets, one for each of these. */
  readonly ends?: readonly LiveEnd[] | undefined;
}

/** Closed: each user calls again when it is answered. Open: calls arrive by chance at a mean rate, whatever happens. */
export type Model =
  | {
      readonly kind: 'closed';
      readonly users: number;
      readonly callsPerUser?: number;
      readonly durationMs?: number;
      /** Calls of this label alone. */
      readonly only?: number;
    }
  | {
      readonly kind: 'open';
      readonly rate: number;
      readonly durationMs: number;
      readonly seed?: number;
      /** Goes on however long calls wait: a background load, of which the run is not about. */
      readonly isBackground?: boolean;
    };

export interface Run {
  readonly model: Model;
  /** Keeps the ids that answers name (`decisionId`, or the ids of audit entries). */
  readonly collectIds?: boolean;
}

export interface Progress {
  readonly seconds: number;
  /** Since the last line. */
  readonly answered: number;
  readonly errors: number;
  readonly p95Ms: number;
  /** Calls that are due and wait for a free connection. */
  readonly backlog: number;
}

export interface RunResult {
  readonly histograms: RecordableHistogram[];
  /** Calls by label. */
  readonly calls: number[];
  readonly errors: Record<string, number>;
  readonly startedAt: number;
  /** From the first call to the last answer, in milliseconds. */
  readonly elapsedMs: number;
  /** Processor time of this thread, in milliseconds. */
  readonly cpuMs: number;
  /** Answers by what they decided. */
  readonly decisions: Record<string, number>;
  readonly ids: string[];
  /** Most calls that waited for a free connection at once. */
  readonly backlog: number;
  /** The open model was given up because calls waited for more than two seconds. */
  readonly abandoned: boolean;
}

export type ToWorker = { type: 'run'; run: Run } | { type: 'stop' } | { type: 'close' };
export type FromWorker = { type: 'progress'; progress: Progress } | { type: 'done'; result: RunResult };
