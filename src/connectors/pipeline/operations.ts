import { classifyValue, higher } from '#libs/classification';
import { Clock } from '#libs/clock';
import { type Settings, SETTINGS_TOKEN } from '#libs/config';
import { invalid, Problem } from '#libs/http';
import { Inject, Injectable } from '@nestjs/common';
import type { Operation, VendorAccess } from '../connector.ts';
import type { ConnectorRow } from '../connectors.sql.ts';
import { toProblem, vendorErrorIn } from '../problems.ts';
import { CONNECTORS, type Registry } from '../registry.ts';
import { type Errand, Gate } from './gate.ts';
import { operationIdOf } from './operation-id.ts';
import { VendorAccesses } from './vendor-access.ts';

/** A write ends before its caller's idempotency key counts as left behind: a repeat must not meet it under way. */
const LONGEST_WRITE_MS = 45_000;

/** Reads and writes, each with everything round it: policy, audit, classification, a time limit, the pipeline's `fetch`. */
@Injectable()
export class Operations {
  constructor(
    private readonly gate: Gate,
    private readonly accesses: VendorAccesses,
    private readonly clock: Clock,
    @Inject(CONNECTORS) private readonly registry: Registry,
    @Inject(SETTINGS_TOKEN) private readonly settings: Settings,
  ) {}

  /** @throws Problem */
  async read(errand: Errand, row: ConnectorRow, resource: string, query: unknown) {
    const operation = this.find(this.registry[row.type].reads, resource, 'resource', row);
    const input = parse(operation, query ?? {}, 'query');
    const decision = await this.gate.pass(errand, row, operation.action, { type: resource });
    const deed = { type: 'data_access', action: operation.action, detail: { resource }, decision } as const;
    let result: unknown;
    try {
      result = await this.run(row, errand, (access) => operation.run(access, input));
    } catch (error) {
      await this.gate.record(errand, row, { ...deed, outcome: 'error', detail: { resource, error: messageOf(error) } });
      throw error;
    }
    let label = decision.classification ?? 'restricted';
    const found = classifyValue(result);
    if (higher(label, found) !== label) {
      // What came back is more sensitive than its place: policy has a word on that too, and may still set it lower.
      const second = await this.gate.decide(errand, row, operation.action, { type: resource, classification: found });
      label = second.classification ?? found;
      if (second.decision !== 'allow') {
        await this.gate.record(errand, row, { ...deed, outcome: 'denied', decision: second });
        throw new Problem(
          'forbidden',
          `What was read is ${label}, which policy does not let through (decision ${second.decisionId}): ${second.reason}`,
          { members: { decisionId: second.decisionId, decision: second.decision } },
        );
      }
    }
    await this.gate.record(errand, row, { ...deed, outcome: 'success', labels: [label] });
    return {
      connector: row.type,
      resource,
      classification: label,
      decisionId: decision.decisionId,
      result: result ?? null,
    };
  }

  /** @throws Problem */
  async write(errand: Errand, row: ConnectorRow, action: string, given: unknown) {
    const operation = this.find(this.registry[row.type].writes, action, 'action', row);
    const input = parse(operation, given, '');
    const found = classifyValue(input);
    const base = await this.gate.pass(errand, row, operation.action, {});
    const label = higher(base.classification ?? 'restricted', found);
    const decision =
      label === base.classification
        ? base
        : await this.gate.pass(errand, row, operation.action, { classification: label });
    const deed = {
      type: 'tool_invocation',
      action: operation.action,
      labels: [decision.classification ?? label],
      decision,
    };
    const before = await this.gate.record(errand, row, {
      ...deed,
      type: 'tool_invocation',
      detail: { phase: 'intent' },
      outcome: 'success',
    });
    let result: unknown;
    let failed: unknown;
    try {
      result = await this.run(row, errand, (access) => operation.run(access, input), {
        operationId: errand.repeatable
          ? operationIdOf(errand.repeatable, { connectorId: row.id, userId: errand.person.id, action, input: given })
          : null,
        timeout: Math.min(LONGEST_WRITE_MS, this.settings.CONNECTOR_OPERATION_TIMEOUT_MS),
      });
    } catch (error) {
      failed = error ?? new Error('failed');
    }
    const detail = { phase: 'outcome', intent: before, ...(failed ? { error: messageOf(failed) } : {}) };
    const outcome = failed ? 'error' : 'success';
    await this.gate.record(errand, row, { ...deed, type: 'tool_invocation', detail, outcome });
    if (failed) throw failed;
    return {
      connector: row.type,
      action,
      decisionId: decision.decisionId,
      obligations: decision.obligations,
      result: result ?? null,
    };
  }

  private find(
    operations: Readonly<Record<string, Operation>>,
    name: string,
    field: string,
    { type }: ConnectorRow,
  ): Operation {
    const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
    if (operation) return operation;
    const names = Object.keys(operations).join(', ') || 'none';
    throw invalid(field, `"${name.slice(0, 100)}" is not known to ${type}; there are: ${names}`);
  }

  private async run<T>(
    row: ConnectorRow,
    { person }: Errand,
    work: (access: VendorAccess) => Promise<T>,
    {
      operationId = null,
      timeout = this.settings.CONNECTOR_OPERATION_TIMEOUT_MS,
    }: { readonly operationId?: string | null; readonly timeout?: number } = {},
  ): Promise<T> {
    try {
      return await work(this.accesses.open(row, person, AbortSignal.timeout(timeout), timeout, operationId));
    } catch (error) {
      const vendor = vendorErrorIn(error);
      throw vendor ? toProblem(vendor, this.clock.now()) : error;
    }
  }
}

/** @throws Problem `validation_failed` */
function parse(operation: Operation, given: unknown, at: string): unknown {
  const parsed = operation.schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.slice(0, 50).map((issue) => ({
    path: [at, ...issue.path].filter((part) => part !== '').join('.') || '(body)',
    message: issue.message,
  }));
  throw new Problem('validation_failed', `${errors[0]?.path}: ${errors[0]?.message}`, { errors });
}

function messageOf(error: unknown): string {
  return error instanceof Problem ? error.detail.slice(0, 500) : 'unexpected error';
}
