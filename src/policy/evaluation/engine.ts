import { type Settings, SETTINGS_TOKEN } from '#libs/config';
import { Problem } from '#libs/http';
import { OpaClient, OpaOverloaded, OpaUnreachable } from '#libs/opa';
import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { PolicyMetrics } from '../policy.metrics.ts';
import { denied, type EngineDecision } from './decision.ts';
import type { Evaluation } from './evaluation.schema.ts';
import { NoRuling, readRuling } from './ruling.ts';

/** The base Rego's input for one evaluation. */
export interface EngineInput extends Omit<Evaluation, 'subject'> {
  readonly tenant: string;
  readonly subject: { readonly userId: string; readonly orgId: string; readonly teamIds: readonly string[] };
  /** From the enterprise down, each step with the bundle that has its policies: `1.0/enterprise:acme`. */
  readonly path: readonly string[];
}

/**
 * Asks OPA, and fails closed: down, slow or answering nonsense is a denial with the reason `policy_engine_unreachable`.
 */
@Injectable()
export class PolicyEngine implements OnApplicationShutdown {
  private readonly log = new Logger('policy');
  private readonly opa: OpaClient;
  private lastComplaint = 0;

  constructor(
    private readonly metrics: PolicyMetrics,
    @Inject(SETTINGS_TOKEN) settings: Settings,
  ) {
    this.opa = new OpaClient('openclaw/main/batch', {
      url: settings.OPA_URL,
      token: settings.OPA_TOKEN,
      timeoutMs: settings.OPA_TIMEOUT_MS,
    });
  }

  /** @throws Problem `overloaded` where too many evaluations of this tenant wait already */
  async decide(input: EngineInput): Promise<EngineDecision> {
    const started = performance.now();
    try {
      return readRuling(await this.opa.evaluate(input.tenant, input), input.action);
    } catch (error) {
      if (error instanceof OpaOverloaded) {
        throw new Problem('overloaded', 'Too many evaluations are waiting. Try again in a second.', { retryAfter: 1 });
      }
      if (!(error instanceof OpaUnreachable || error instanceof NoRuling)) throw error;
      this.metrics.failed();
      this.complain(error);
      return denied('policy_engine_unreachable');
    } finally {
      this.metrics.evaluated((performance.now() - started) / 1000);
    }
  }

  ping(timeoutMs: number): Promise<void> {
    return this.opa.ping(timeoutMs);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.opa.close();
  }

  /** An engine that is away fails each call: one line a second is enough. */
  private complain(error: Error): void {
    const now = performance.now();
    if (now - this.lastComplaint < 1_000) return;
    this.lastComplaint = now;
    this.log.error(`evaluations are denied: ${error.message}`);
  }
}
