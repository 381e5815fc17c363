import { Approvals } from '#approvals';
import { AuditLog, IdSource, type NewEntry } from '#audit';
import { AutoResponses } from '#auto-response';
import { ConnectedWork } from '#connectors';
import type { DirectoryPerson } from '#identity';
import { type Classification, highest } from '#libs/classification';
import { Clock } from '#libs/clock';
import { type Settings, SETTINGS_TOKEN } from '#libs/config';
import { Database } from '#libs/database';
import { Problem } from '#libs/http';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { bulkhead } from 'cockatiel';
import { BriefingMetrics } from '../briefing.metrics.ts';
import * as sql from '../briefing.sql.ts';
import type { BriefedTask, Briefing, BriefingFilter } from '../briefing.ts';
import { type AskedBy, FeatureGate } from '../feature-gate.ts';
import { plan } from '../rules/index.ts';
import { type Task, TaskBook } from '../tasks/task-book.ts';
import { meetingsOn, plannedDay } from './planned-day.ts';

/** For a briefing that a schedule wants: once for this person and window. */
export interface BriefingWindow {
  /** ISO 8601. */
  readonly start: string;
  readonly end: string;
}

export interface GenerateOptions extends BriefingFilter {
  readonly window?: BriefingWindow | undefined;
}

/** Tasks in one briefing at most. */
const MOST_TASKS = 100;
/**
 * Briefings that use the database at a time: five hundred at once would wait for a connection until they are given up. The wait
 * for systems that are read is outside of it.
 */
const AT_WORK = 16;
const DAY_MS = 86_400_000;
/** What policy is asked about. */
const ACTION = 'briefing_generate';
const FEATURES = ['briefing_generation', 'task_intelligence'] as const;

/** Makes briefings and finds those that were made. */
@Injectable()
export class Briefings {
  private readonly log = new Logger('briefing');
  private readonly turns = bulkhead(AT_WORK, Infinity);

  constructor(
    private readonly work: ConnectedWork,
    private readonly book: TaskBook,
    private readonly gate: FeatureGate,
    private readonly responses: AutoResponses,
    private readonly approvals: Approvals,
    private readonly audit: AuditLog,
    private readonly ids: IdSource,
    private readonly database: Database,
    private readonly metrics: BriefingMetrics,
    private readonly clock: Clock,
    @Inject(SETTINGS_TOKEN) private readonly settings: Settings,
  ) {}

  /**
   * What a person has to do and when. Systems that have not been read lately are read first, for a limited time: one that is
   * down or slow makes the briefing partial, never late. With a window, the second call gets what the first one made.
   * @throws Problem `forbidden` where policy has turned briefings off; `policy_engine_unreachable`
   */
  async generate(person: DirectoryPerson, asked: GenerateOptions, by: AskedBy): Promise<Briefing> {
    const started = this.clock.elapsed();
    await this.turns.execute(() => this.gate.pass(person, ACTION, FEATURES, by));
    const { tenantId, id: userId } = person;
    const connectorStatus = await this.work.refresh(tenantId, userId, {
      deadlineMs: this.settings.BRIEFING_REFRESH_MS,
      ...(asked.sources ? { systems: asked.sources } : {}),
    });
    const { open, items } = await this.turns.execute(() =>
      this.book.refresh(person, (tasks) => chosen(tasks, asked).shown),
    );
    const now = this.clock.now();
    const { shown, more } = chosen(open, asked);
    const day = plannedDay(now, person.timeZone);
    const events = items.flatMap(({ event }) => (event ? [event] : []));
    const tasks = shown.map(briefed);
    const told = await this.turns.execute(() => this.answered(person, now));
    const briefing: Briefing = {
      id: this.ids.next(),
      userId,
      generatedAt: new Date(now).toISOString(),
      ...(asked.window ? { window: asked.window } : {}),
      plannedDay: day,
      timeZone: person.timeZone,
      classification: highest(tasks.map(({ classification }) => classification)) ?? 'internal',
      tasks,
      more,
      timeBlocks: plan(shown, events, { now, day, zone: person.timeZone }),
      meetings: meetingsOn(items, day, person.timeZone),
      autoResponses: told.autoResponses,
      approvals: told.approvals,
      connectorStatus: asked.sources
        ? connectorStatus.filter(({ connector }) => asked.sources!.includes(connector))
        : connectorStatus,
    };
    const kept = await this.turns.execute(() => this.keep(person, briefing, by));
    this.metrics.generated((this.clock.elapsed() - started) / 1000);
    return kept;
  }

  /** What became of messages since the last briefing, at most of a day, and what waits for the person. */
  private async answered({ tenantId, id }: DirectoryPerson, now: number) {
    const [last]: { generated_at: Date }[] = await this.database.tenant(tenantId, (tx) =>
      tx.query(sql.LAST_GENERATED, [id]),
    );
    const since = Math.max(last?.generated_at.getTime() ?? 0, now - DAY_MS);
    const autoResponses = await this.responses.summary(tenantId, id, new Date(since).toISOString());
    return { autoResponses, approvals: { pending: await this.approvals.pendingOf(tenantId, id) } };
  }

  /** @throws Problem `not_found` */
  async find(person: DirectoryPerson, id: string): Promise<Briefing> {
    const [row] = await this.rows(person.tenantId, sql.FIND_BRIEFING, [person.id, id]);
    if (!row) throw new Problem('not_found', `You have no briefing "${id}".`);
    return row.body;
  }

  /** @throws Problem `not_found` */
  async latest(person: DirectoryPerson): Promise<Briefing> {
    const [row] = await this.rows(person.tenantId, sql.LIST_BRIEFINGS, [person.id, null, 1]);
    if (!row) throw new Problem('not_found', 'You have no briefing yet: POST /api/v1/briefings makes one.');
    return row.body;
  }

  /** Newest first. */
  async list(person: DirectoryPerson, limit: number, before: string | undefined) {
    const rows = await this.rows(person.tenantId, sql.LIST_BRIEFINGS, [person.id, before ?? null, limit + 1]);
    const items = rows.slice(0, limit).map((row) => row.body);
    return { items, nextCursor: rows.length > limit ? items.at(-1)!.id : null };
  }

  /** The briefing of a scheduled window, if it has been made. */
  async ofWindow(tenantId: string, userId: string, start: string): Promise<Briefing | undefined> {
    const [row] = await this.rows(tenantId, sql.BRIEFING_OF_WINDOW, [userId, start]);
    return row?.body;
  }

  private rows(tenantId: string, text: string, values: unknown[]): Promise<sql.BriefingRow[]> {
    return this.database.tenant(tenantId, (tx) => tx.query(text, values));
  }

  /** The entry comes first: what is shown has been recorded. */
  private async keep(person: DirectoryPerson, made: Briefing, by: AskedBy): Promise<Briefing> {
    const { tenantId, id: userId } = person;
    await this.audit.append(entryOf(person, made, by));
    const isLate = made.window !== undefined && this.clock.now() >= Date.parse(made.window.end);
    const briefing: Briefing = isLate ? { ...made, window: { ...made.window!, late: true } } : made;
    const { window } = briefing;
    const values = [tenantId, briefing.id, userId, briefing.generatedAt, window?.start ?? null, window?.end ?? null];
    const rows = await this.rows(tenantId, sql.INSERT_BRIEFING, [...values, JSON.stringify(briefing)]);
    if (rows.length > 0 && isLate) {
      this.metrics.missed(1);
      this.log.warn({ tenantId, userId, start: window!.start }, 'a briefing was ready only after its window');
    }
    if (rows.length > 0 || !window) return briefing;
    const [first] = await this.rows(tenantId, sql.BRIEFING_OF_WINDOW, [userId, window.start]);
    return first?.body ?? briefing;
  }
}

/** Of tasks in order, those that a briefing shows, and how many more it would. */
function chosen(open: readonly Task[], filter: BriefingFilter): { shown: readonly Task[]; more: number } {
  const wanted = open.filter((task) => passes(task, filter));
  return { shown: wanted.slice(0, MOST_TASKS), more: Math.max(0, wanted.length - MOST_TASKS) };
}

function passes(task: Task, { minScore, sources, blocking }: BriefingFilter): boolean {
  return (
    task.score >= (minScore ?? 0) &&
    (sources === undefined || task.items.some(({ system }) => sources.includes(system))) &&
    (blocking === undefined || task.scoreParts.blocking > 0 === blocking)
  );
}

function briefed(task: Task): BriefedTask {
  const [relation] = task.details.related;
  return {
    id: task.id,
    title: task.title,
    score: task.score,
    scoreParts: task.scoreParts,
    reasons: task.details.reasons,
    sources: task.details.sources,
    ...(task.deadline === null ? {} : { deadline: task.deadline }),
    classification: labelOf(task),
    ...(relation ? { relation } : {}),
  };
}

function labelOf({ items }: Task): Classification {
  return highest(items.map(({ classification }) => classification)) ?? 'internal';
}

function entryOf(person: DirectoryPerson, briefing: Briefing, by: AskedBy): NewEntry {
  const labels = new Map<string, Classification[]>();
  for (const { sources, classification } of briefing.tasks)
    for (const { system } of sources) labels.set(system, [...(labels.get(system) ?? []), classification]);
  return {
    tenantId: person.tenantId,
    userId: person.id,
    orgId: person.orgId,
    teamIds: person.teamIds,
    actor: by.actor,
    actionType: 'data_access',
    actionDetail: { operation: 'briefing.generate', briefingId: briefing.id, tasks: briefing.tasks.length },
    dataAccessed: [...labels].map(([source, found]) => ({
      source,
      classification: highest(found)!,
      purpose: 'briefing',
    })),
    dataClassification: briefing.classification,
    outcome: 'success',
    requestId: by.requestId,
  };
}
