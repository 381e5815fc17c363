import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { People } from '#identity';
import type { Principal } from '#libs/access';
import { type Settings, SETTINGS_TOKEN } from '#libs/config';
import { Database } from '#libs/database';
import { invalid, Problem } from '#libs/http';
import { evaluateApart, OpaApartFailed } from '#libs/opa';
import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { BASE_POLICIES } from '../bundles/bundles.ts';
import { shardKey } from '../bundles/shards.ts';
import { denied, type EngineDecision } from '../evaluation/decision.ts';
import type { EngineInput } from '../evaluation/engine.ts';
import { NoRuling, readRuling } from '../evaluation/ruling.ts';
import { locate, type Place, requireMayWrite } from '../place.ts';
import { compileModules } from '../modules/index.ts';
import { refuseWidening } from '../policies.ts';
import { PolicyTexts } from '../policy-texts.ts';
import { ACTIVE_POLICIES, documentsOf, FIND_POLICY, modulesOf, type PolicyRow } from '../policy.sql.ts';
import { compileTenant } from '../rules/index.ts';
import { RecordedRequests } from './recorded-requests.ts';
import type { Simulated, Simulation } from './simulation.schema.ts';

const LIMIT_MS = 30_000;
/** Simulations of this replica at once, whoever asked: each is a processor's work. */
const MOST_AT_ONCE = 2;

/** The policies of a tenant as they are, and as they would be. */
interface Worlds {
  readonly present: readonly PolicyRow[];
  readonly draft: readonly PolicyRow[];
}

/**
 * Tries a draft against decisions that were recorded.
 *
 * Both the present policies and the draft are evaluated by a real OPA, the same program with the same base Rego that
 * decides, but in a process of its own for each page of decisions (`opa eval`): the OPA that decides never sees the
 * draft, does not wait for a simulation, and is not harmed by one that goes wrong. What a simulation may cost is bounded:
 * 30 seconds, one at a time a tenant and two a replica, 5,000 decisions read a page at a time, one processor at low
 * priority and a memory limit for each process.
 *
 * The present is evaluated anew, not taken from the record: a difference is then the draft's alone and not that of a
 * change made since.
 */
@Injectable()
export class Simulations implements OnApplicationShutdown {
  private readonly log = new Logger('policy');
  private readonly running = new Set<string>();
  private readonly stopping = new AbortController();

  constructor(
    private readonly database: Database,
    private readonly people: People,
    private readonly recorded: RecordedRequests,
    private readonly texts: PolicyTexts,
    @Inject(SETTINGS_TOKEN) private readonly settings: Settings,
  ) {}

  async simulate(caller: Principal, simulation: Simulation): Promise<Simulated> {
    const { tenantId } = caller;
    const { draft } = simulation;
    const place = await inDraft(() => locate(this.people, tenantId, draft.scope, draft.scopeId));
    requireMayWrite(caller, place);
    const worlds = await inDraft(() => this.worlds(tenantId, place, draft));
    if (this.running.has(tenantId)) {
      throw new Problem('rate_limited', 'A simulation of this tenant is running; one at a time.', { retryAfter: 5 });
    }
    if (this.running.size >= MOST_AT_ONCE) {
      throw new Problem('overloaded', 'Other simulations are running. Try again in a few seconds.', { retryAfter: 5 });
    }
    this.running.add(tenantId);
    const folder = await mkdtemp(join(tmpdir(), `oce-simulation-${process.pid}-`));
    try {
      return await this.compare(caller, place, simulation, worlds, folder);
    } catch (error) {
      throw this.explained(error);
    } finally {
      this.running.delete(tenantId);
      await rm(folder, { recursive: true, force: true });
    }
  }

  onApplicationShutdown(): void {
    this.stopping.abort(new Problem('overloaded', 'This replica is stopping.', { retryAfter: 1 }));
  }

  private async compare(
    caller: Principal,
    place: Place,
    { from, to, limit }: Simulation,
    worlds: Worlds,
    folder: string,
  ): Promise<Simulated> {
    const signal = AbortSignal.any([AbortSignal.timeout(LIMIT_MS), this.stopping.signal]);
    const write = async (name: keyof Worlds) => {
      const [bundle, rows] = [shardKey(0, 1), worlds[name]];
      const { references, files } = compileModules(modulesOf(rows), caller.tenantId, bundle);
      const documents = compileTenant(documentsOf(rows), 1);
      const content = Object.keys(references).length === 0 ? documents : { ...documents, modules: references };
      const data = { openclaw: { tenants: { [caller.tenantId]: { [bundle]: content } } } };
      const [dataFile, modules] = [join(folder, `${name}.json`), join(folder, name)];
      await writeFile(dataFile, JSON.stringify(data));
      await mkdir(modules);
      for (const [file, rego] of Object.entries(files)) {
        await mkdir(dirname(join(modules, file)), { recursive: true });
        await writeFile(join(modules, file), rego);
      }
      return (inputs: readonly EngineInput[]) => this.decide([dataFile, modules], inputs, signal);
    };
    const [present, draft] = [await write('present'), await write('draft')];
    const items: Simulated['items'] = [];
    let examined = 0;
    for await (const requests of this.recorded.of(caller, place, { from, to }, limit)) {
      signal.throwIfAborted();
      const inputs = requests.map(({ input }) => input);
      const [before, after] = [await present(inputs), await draft(inputs)];
      examined += requests.length;
      requests.forEach(({ decisionId, input }, i) => {
        const [was, is] = [before[i]!, after[i]!];
        if (was.decision === is.decision && was.autonomy === is.autonomy) return;
        items.push({
          decisionId,
          userId: input.subject.userId,
          action: input.action,
          before: { decision: was.decision, autonomy: was.autonomy },
          after: { decision: is.decision, autonomy: is.autonomy },
          reason: is.reason,
        });
      });
    }
    return { examined, flipped: items.length, items };
  }

  private async decide(
    files: readonly string[],
    items: readonly EngineInput[],
    signal: AbortSignal,
  ): Promise<EngineDecision[]> {
    const answers = await evaluateApart({
      binary: this.settings.OPA_BIN ?? 'opa',
      data: [BASE_POLICIES, ...files],
      query: 'data.openclaw.main.batch',
      input: { items },
      signal,
    });
    if (!Array.isArray(answers) || answers.length !== items.length) {
      throw new OpaApartFailed(`gave no list of ${items.length} answers`);
    }
    return answers.map((answer, i) => rulingOf(answer, items[i]!.action));
  }

  /** Reads the active policies and puts the draft among them. @throws Problem where it could not be written there */
  private async worlds(tenantId: string, place: Place, draft: Simulation['draft']): Promise<Worlds> {
    const { scope, scopeId, domain, policyId } = draft;
    const checked = await this.texts.check(domain, draft);
    return this.database.tenant(tenantId, async (tx) => {
      await refuseWidening(tx, place, domain, checked);
      const [replaced]: PolicyRow[] = policyId === undefined ? [] : await tx.query(FIND_POLICY, [policyId]);
      if (policyId !== undefined) requireReplaceable(replaced, draft);
      const present: PolicyRow[] = await tx.query(ACTIVE_POLICIES);
      const drafted = {
        ...checked,
        id: policyId ?? 'draft',
        name: draft.name ?? replaced?.name ?? 'Draft',
        version: draft.version ?? replaced?.version ?? '0.0.0',
        scope,
        scope_id: scopeId,
        domain,
      } as PolicyRow;
      return { present, draft: [...present.filter(({ id }) => id !== policyId), drafted] };
    });
  }

  private explained(error: unknown): unknown {
    if (error instanceof Error && error.name === 'TimeoutError') {
      return new Problem('overloaded', 'The simulation took longer than 30 s. Ask for fewer decisions with "limit".', {
        retryAfter: 10,
      });
    }
    if (!(error instanceof OpaApartFailed)) return error;
    this.log.error(`a simulation failed: opa ${error.message}`);
    return new Problem(
      'policy_engine_unreachable',
      'The simulation gave no answer. It needs the program "opa": set OPA_BIN, or put it on the PATH.',
      { retryAfter: 10 },
    );
  }
}

/** What is no ruling is a denial, as it would be where it matters. */
function rulingOf(answer: unknown, action: string): EngineDecision {
  try {
    return readRuling(answer, action);
  } catch (error) {
    if (error instanceof NoRuling) return denied('policy_engine_unreachable');
    throw error;
  }
}

/** A policy keeps its place and domain for life: a draft for others would be another policy. */
function requireReplaceable(row: PolicyRow | undefined, { scope, scopeId, domain }: Simulation['draft']): void {
  if (!row) throw invalid('policyId', 'names no policy of this tenant');
  if (row.scope !== scope || row.scope_id !== scopeId || row.domain !== domain) {
    throw invalid(
      'policyId',
      `is the ${row.domain} policy of ${row.scope} "${row.scope_id}", not of this place and domain`,
    );
  }
  if (row.status === 'deprecated') throw invalid('policyId', 'is deprecated and cannot be changed');
}

/** Faults of the draft, with the path that they have in the body. */
async function inDraft<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Problem) || !error.extras.errors) throw error;
    const errors = error.extras.errors.map(({ path, message }) => ({ path: `draft.${path}`, message }));
    throw new Problem(error.code, `draft.${error.detail}`, { ...error.extras, errors });
  }
}
