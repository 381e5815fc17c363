import { Latencies } from '../latencies.ts';
import { Arrivals } from './arrivals.ts';
import { Connection, type Outcome, type Wire } from './connection.ts';
import { LiveConnection } from './live-connection.ts';
import { decisionOf, failureOf, idsOf } from './answers.ts';
import type { Model, PreparedCall, Progress, Run, RunResult, Setup } from './protocol.ts';

/** An open model whose calls wait longer than this for a connection is past what the server can do. */
const HOPELESS_MS = 2_000;
const SWEEP_MS = 250;

/** Makes the calls of one run after another over the same connections. Lives in a worker thread. */
export class Engine {
  private readonly setup: Setup;
  private readonly connections: Wire[];
  private readonly callsOf: PreparedCall[][] = [];
  private current: RunState | undefined;

  constructor(setup: Setup) {
    this.setup = setup;
    const { host, port, ends } = setup;
    this.connections = Array.from({ length: setup.connections }, (_, n) =>
      ends ? new LiveConnection(host, port, ends[n]!) : new Connection(host, port),
    );
    for (const call of setup.calls) (this.callsOf[call.user] ??= []).push(call);
  }

  async run(run: Run, report: (progress: Progress) => void): Promise<RunResult> {
    const state = new RunState(this.setup.labels.length, run.collectIds ?? false);
    this.current = state;
    const lines = setInterval(() => report(state.progress()), 1_000);
    const sweep = setInterval(() => this.giveUpLateCalls(), SWEEP_MS);
    try {
      if (run.model.kind === 'closed') await this.closed(run.model, state);
      else await this.open(run.model, state);
    } finally {
      clearInterval(lines);
      clearInterval(sweep);
    }
    return state.result();
  }

  /** Ends the run early: no further calls; those under way are waited for. */
  stop(): void {
    if (this.current) this.current.stopped = true;
  }

  close(): void {
    for (const connection of this.connections) connection.close();
  }

  private closed(model: Model & { kind: 'closed' }, state: RunState): Promise<void> {
    const deadline = model.durationMs === undefined ? Infinity : performance.now() + model.durationMs;
    const limit = model.callsPerUser ?? Infinity;
    let active = model.users;
    return new Promise((finished) => {
      for (let user = 0; user < model.users; user++) {
        const connection = this.connections[user]!;
        const calls = this.callsOf[user]!.filter(({ label }) => label === (model.only ?? label));
        let n = 0;
        const next = () => {
          const now = performance.now();
          if (n >= limit || now >= deadline || state.stopped) {
            if (--active === 0) finished();
            return;
          }
          // Users start at different places of the mix.
          const call = calls[(n++ + user) % calls.length]!;
          connection.send(call.bytes, now, (outcome) => {
            state.settled(call, outcome, now);
            if (outcome.status === 0) setTimeout(next, 10);
            else next();
          });
        };
        next();
      }
    });
  }

  private open(model: Model & { kind: 'open' }, state: RunState): Promise<void> {
    const { calls } = this.setup;
    const arrivals = new Arrivals(model.rate, model.seed);
    const started = performance.now();
    const waiting: number[] = [];
    let head = 0;
    const idle = [...this.connections];
    let idleHead = 0;
    let underWay = 0;
    let turn = 0;
    return new Promise((finished) => {
      const dispatch = () => {
        while (head < waiting.length && idleHead < idle.length) {
          const due = waiting[head++]!;
          const connection = idle[idleHead++]!;
          const call = calls[turn++ % calls.length]!;
          underWay++;
          connection.send(call.bytes, performance.now(), (outcome) => {
            underWay--;
            state.settled(call, outcome, due);
            idle.push(connection);
            if (idleHead > 4_096) {
              idle.splice(0, idleHead);
              idleHead = 0;
            }
            if (head < waiting.length) dispatch();
          });
        }
        if (head > 4_096) {
          waiting.splice(0, head);
          head = 0;
        }
        state.backlog = waiting.length - head;
        state.mostBacklog = Math.max(state.mostBacklog, state.backlog);
      };
      const tick = () => {
        const now = performance.now() - started;
        if (now < model.durationMs && !state.stopped) {
          for (let due = arrivals.take(now); due !== undefined; due = arrivals.take(now)) waiting.push(started + due);
        }
        dispatch();
        const oldest = waiting[head];
        if (!model.isBackground && oldest !== undefined && performance.now() - oldest > HOPELESS_MS) {
          state.abandoned = true;
          state.stopped = true;
        }
        if (state.stopped) {
          // What never got a connection is an error, not forgotten.
          state.unsent(waiting.length - head);
          waiting.length = head = 0;
          state.backlog = 0;
        }
        const isOver = now >= model.durationMs || state.stopped;
        if (isOver && head === waiting.length && underWay === 0) return finished();
        setTimeout(tick, 1);
      };
      tick();
    });
  }

  private giveUpLateCalls(): void {
    const now = performance.now();
    for (const connection of this.connections) {
      if (connection.isBusy && now - connection.sentAt > this.setup.timeoutMs) connection.fail('timeout');
    }
  }
}

class RunState {
  readonly histograms: Latencies[];
  readonly calls: number[];
  readonly errors: Record<string, number> = {};
  readonly decisions: Record<string, number> = {};
  readonly ids: string[] = [];
  backlog = 0;
  mostBacklog = 0;
  abandoned = false;
  stopped = false;
  private readonly collects: boolean;
  private readonly startedAt = Date.now();
  private readonly started = performance.now();
  private readonly cpu = process.threadCpuUsage();
  private last = 0;
  private second = new Latencies();
  private secondErrors = 0;

  constructor(labels: number, collects: boolean) {
    this.histograms = Array.from({ length: labels }, () => new Latencies());
    this.calls = Array.from({ length: labels }, () => 0);
    this.collects = collects;
  }

  settled(call: PreparedCall, outcome: Outcome, since: number): void {
    const now = performance.now();
    this.last = now;
    this.calls[call.label]!++;
    this.histograms[call.label]!.record(now - since);
    this.second.record(now - since);
    const failure = failureOf(call, outcome);
    if (failure !== undefined) this.failed(failure);
    if (outcome.status === 0) return;
    const decision = decisionOf(outcome.body);
    if (decision !== undefined) this.decisions[decision] = (this.decisions[decision] ?? 0) + 1;
    if (this.collects && outcome.status < 300) for (const id of idsOf(outcome.body)) this.ids.push(id);
  }

  unsent(calls: number): void {
    if (calls === 0) return;
    this.calls[0]! += calls;
    this.failed('never sent: no connection was free', calls);
  }

  progress(): Progress {
    const progress = {
      seconds: Math.round((performance.now() - this.started) / 1_000),
      answered: this.second.count,
      errors: this.secondErrors,
      p95Ms: this.second.percentile(95),
      backlog: this.backlog,
    };
    this.second = new Latencies();
    this.secondErrors = 0;
    return progress;
  }

  result(): RunResult {
    const { user, system } = process.threadCpuUsage(this.cpu);
    return {
      histograms: this.histograms.map((latencies) => latencies.histogram),
      calls: this.calls,
      errors: this.errors,
      startedAt: this.startedAt,
      elapsedMs: Math.max(0, this.last - this.started),
      cpuMs: (user + system) / 1_000,
      decisions: this.decisions,
      ids: this.ids,
      backlog: this.mostBacklog,
      abandoned: this.abandoned,
    };
  }

  private failed(kind: string, calls = 1): void {
    this.errors[kind] = (this.errors[kind] ?? 0) + calls;
    this.secondErrors += calls;
  }
}
