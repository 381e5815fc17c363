import { type NewEntry, AuditLog, DECISION_MARK } from '#audit';
import { type DirectoryPerson, People } from '#identity';
import { mayActFor, onlyPersonOf, type Principal, principalName } from '#libs/access';
import { type Classification, toClassification } from '#libs/classification';
import { invalid, Problem } from '#libs/http';
import { Injectable } from '@nestjs/common';
import { Propagation } from '../bundles/propagation.ts';
import { pathOf, placeKey } from '../place.ts';
import { PolicyMetrics } from '../policy.metrics.ts';
import { denied, type EngineDecision } from './decision.ts';
import { PolicyEngine } from './engine.ts';
import type { Evaluation } from './evaluation.schema.ts';
import { toRecord } from './record.ts';

/** The answer to an evaluation. Source: the API contract, "Evaluate". */
export interface DecisionAnswer {
  readonly decisionId: string;
  readonly decision: EngineDecision['decision'];
  readonly allow: boolean;
  readonly autonomy: EngineDecision['autonomy'];
  readonly reason: string;
  readonly constraints: Record<string, unknown>;
  readonly obligations: EngineDecision['obligations'];
  readonly policies: EngineDecision['policies'];
  readonly revision: string | null;
  /** The label of the thing asked about, as policy sees it; null where the question has none. */
  readonly classification: Classification | null;
}

interface Decided {
  readonly entry: NewEntry;
  readonly decision: EngineDecision;
}

const OUTCOME_OF = { allow: 'success', require_approval: 'pending_approval', deny: 'denied' } as const;

/** Decides, and lets no decision out before the record of it is durable. */
@Injectable()
export class Evaluator {
  constructor(
    private readonly engine: PolicyEngine,
    private readonly audit: AuditLog,
    private readonly people: People,
    private readonly propagation: Propagation,
    private readonly metrics: PolicyMetrics,
  ) {}

  /** @param actor who asks, where it is not the principal: the system itself, for a person */
  async evaluate(
    principal: Principal,
    request: Evaluation,
    requestId: string,
    actor = principalName(principal),
  ): Promise<DecisionAnswer> {
    const { entry, decision } = await this.decide(principal, request, requestId);
    const { id } = await this.audit.append({ ...entry, actor });
    return this.answer(id, decision);
  }

  /** Decisions in the order of the requests, recorded together. */
  async evaluateAll(
    principal: Principal,
    requests: readonly Evaluation[],
    requestId: string,
    actor = principalName(principal),
  ): Promise<DecisionAnswer[]> {
    const decided = await Promise.all(requests.map((request) => this.decide(principal, request, requestId)));
    const { ids } = await this.audit.appendAll(decided.map(({ entry }) => ({ ...entry, actor })));
    return decided.map(({ decision }, i) => this.answer(ids[i]!, decision));
  }

  private async decide(principal: Principal, request: Evaluation, requestId: string): Promise<Decided> {
    const userId = subjectOf(principal, request);
    const person = await this.person(principal, userId);
    const decision = person ? await this.ask(person, request) : denied('unknown_subject');
    return { decision, entry: this.entry(principal, userId, person, request, decision, requestId) };
  }

  /** Only people whom the caller may speak for; who they are comes from the directory, never from the request. */
  private async person(principal: Principal, userId: string): Promise<DirectoryPerson | undefined> {
    if (principal.kind === 'agent' && !mayActFor(principal, userId)) return undefined;
    return this.people.find(principal.tenantId, userId);
  }

  private ask(person: DirectoryPerson, request: Evaluation): Promise<EngineDecision> {
    return this.engine.decide({
      tenant: person.tenantId,
      action: request.action,
      resource: request.resource,
      context: request.context,
      subject: { userId: person.id, orgId: person.orgId, teamIds: person.teamIds },
      path: pathOf(person).map((step) => this.propagation.locate(person.tenantId, placeKey(step))),
    });
  }

  private entry(
    principal: Principal,
    userId: string,
    person: DirectoryPerson | undefined,
    request: Evaluation,
    decision: EngineDecision,
    requestId: string,
  ): NewEntry {
    const { decision: result, autonomy, constraints, obligations, revision } = decision;
    const connector = request.resource?.connector;
    const classification = toClassification(decision.classification);
    return {
      tenantId: principal.tenantId,
      userId: person?.id ?? null,
      orgId: person?.orgId ?? null,
      teamIds: person?.teamIds ?? [],
      actor: principalName(principal),
      actionType: 'policy_decision',
      actionDetail: {
        engine: DECISION_MARK,
        action: request.action,
        subject: { userId },
        ...(request.resource ? { resource: request.resource } : {}),
        ...(request.context ? { context: request.context } : {}),
        autonomy,
        constraints,
        obligations,
        ...toRecord(decision),
        revision: revision ?? null,
      },
      dataAccessed: connector ? [{ source: connector, classification, purpose: request.action }] : null,
      dataClassification: decision.classification ? classification : null,
      policyApplied: decidingPolicy(decision),
      policyResult: result,
      policyReason: decision.reason,
      outcome: OUTCOME_OF[result],
      requestId,
    };
  }

  private answer(decisionId: string, decision: EngineDecision): DecisionAnswer {
    this.metrics.decided(decision.decision);
    return {
      decisionId,
      decision: decision.decision,
      allow: decision.allow,
      autonomy: decision.autonomy,
      reason: decision.reason,
      constraints: decision.constraints,
      obligations: decision.obligations,
      policies: decision.policies,
      revision: decision.revision ?? null,
      classification: decision.classification === null ? null : toClassification(decision.classification),
    };
  }
}

/** For whom: the caller themselves, or the person whom the assistant names (its only one, where it names none). */
function subjectOf(principal: Principal, request: Evaluation): string {
  const named = request.subject?.userId;
  if (principal.kind === 'person') {
    if (named !== undefined && named !== principal.person.id) {
      throw new Problem(
        'forbidden',
        'A person may ask for themselves only. Assistants name a subject with an agent token.',
      );
    }
    return principal.person.id;
  }
  if (named !== undefined) return named;
  const only = onlyPersonOf(principal);
  if (only === undefined)
    throw invalid('subject.userId', 'is required: this agent token acts for more than one person');
  return only;
}

function decidingPolicy(decision: EngineDecision): string | null {
  const deciding = decision.policies.filter((policy) => policy.autonomy === decision.autonomy);
  const names = deciding.map((policy) => `${policy.name} ${policy.version} (${policy.scope} ${policy.scopeId})`);
  return names.length > 0 ? names.join('; ').slice(0, 1000) : null;
}
