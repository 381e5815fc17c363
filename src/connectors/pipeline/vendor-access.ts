import type { DirectoryPerson } from '#identity';
import { Clock } from '#libs/clock';
import { type Settings, SETTINGS_TOKEN } from '#libs/config';
import { type BucketLimit, TokenBuckets } from '#libs/redis';
import { Inject, Injectable } from '@nestjs/common';
import { circuitBreaker, type CircuitBreakerPolicy, ConsecutiveBreaker, handleWhen } from 'cockatiel';
import { LRUCache } from 'lru-cache';
import { type VendorAccess, VendorError } from '../connector.ts';
import type { ConnectorRow } from '../connectors.sql.ts';
import { CONNECTORS, type Registry } from '../registry.ts';
import type { ConnectorType } from '../work-item.ts';
import { AddressRules } from './address-rules.ts';
import { Authorisations } from './authorisations.ts';
import { ConnectorMetrics } from './connector-metrics.ts';
import { Turnstile } from './turnstile.ts';
import { isIllHealth, vendorFetch } from './vendor-fetch.ts';

/** Failures in a row after which a system is left alone, and for how long. */
const BREAKER_FAILURES = 10;
const BREAKER_OPEN_MS = 5_000;
/** Connectors of which state is kept in this process. */
const KEPT = 20_000;
/** All connectors together may have so many times the requests waiting that one may. */
const ALL_WAITING = 20;

/** Makes what connectors reach their systems with: everything that is shared between the requests of one connector. */
@Injectable()
export class VendorAccesses {
  private readonly turnstiles = new Map<string, Turnstile>();
  private readonly breakers = new LRUCache<string, CircuitBreakerPolicy>({ max: KEPT });
  private readonly limits: ReadonlyMap<string, BucketLimit>;
  private waiting = 0;

  constructor(
    private readonly authorisations: Authorisations,
    private readonly buckets: TokenBuckets,
    private readonly rules: AddressRules,
    private readonly metrics: ConnectorMetrics,
    private readonly clock: Clock,
    @Inject(CONNECTORS) private readonly registry: Registry,
    @Inject(SETTINGS_TOKEN) private readonly settings: Settings,
  ) {
    this.limits = parseLimits(settings.CONNECTOR_RATE_LIMITS);
  }

  /**
   * @param timeoutMs of everything that is done with it
   * @param operationId as {@link VendorAccess} has it
   * @throws VendorError where the connector cannot be used at all
   */
  open(
    row: ConnectorRow,
    person: DirectoryPerson,
    signal: AbortSignal,
    timeoutMs: number,
    operationId: string | null = null,
  ): VendorAccess {
    const baseUrl = (row.base_url ?? this.registry[row.type].defaultBaseUrl)?.replace(/\/+$/, '');
    if (!baseUrl) throw new VendorError('invalid', `${row.type}: this connector has no baseUrl`);
    const key = `${row.tenant_id}/${row.id}`;
    const { now } = { now: () => this.clock.now() };
    return {
      baseUrl,
      account: { userId: person.id, email: person.email, name: person.name, timeZone: person.timeZone },
      config: row.config,
      now,
      operationId,
      fetch: vendorFetch({
        type: row.type,
        baseUrl,
        personKey: person.id,
        authorisation: this.authorisations.of(row, person.email),
        turnstile: this.turnstile(key, row.type),
        breaker: this.breaker(key),
        addresses: this.rules.addresses,
        hold: (until, ofPerson) => this.buckets.hold(ofPerson ? `${key}/${person.id}` : key, until),
        count: (outcome) => this.metrics.requested(row.type, outcome),
        queued: (change) => this.queued(row.type, key, change),
        attempts: this.settings.CONNECTOR_ATTEMPTS,
        attemptTimeoutMs: this.settings.CONNECTOR_ATTEMPT_TIMEOUT_MS,
        breakerOpenMs: BREAKER_OPEN_MS,
        now,
        random: Math.random,
        signal,
        deadline: now() + timeoutMs,
      }),
    };
  }

  private queued(type: ConnectorType, key: string, change: 1 | -1): void {
    this.waiting += change;
    this.metrics.queued(type, change);
    if (change < 0 && this.turnstiles.size > KEPT)
      for (const [other, turnstile] of this.turnstiles)
        if (other !== key && turnstile.idle) this.turnstiles.delete(other);
    if (change > 0 && this.waiting > this.settings.CONNECTOR_QUEUE_LIMIT * ALL_WAITING) {
      this.waiting--;
      this.metrics.queued(type, -1);
      throw new VendorError('overloaded', `${type}: too many requests wait already`, this.clock.now() + 5_000);
    }
  }

  private turnstile(key: string, type: ConnectorType): Turnstile {
    let turnstile = this.turnstiles.get(key);
    if (!turnstile) {
      turnstile = new Turnstile({
        key,
        buckets: this.buckets,
        limit: this.limits.get(type) ?? { perSecond: 10, burst: 50 },
        concurrency: this.settings.CONNECTOR_CONCURRENCY,
        queueLimit: this.settings.CONNECTOR_QUEUE_LIMIT,
        now: () => this.clock.now(),
      });
      this.turnstiles.set(key, turnstile);
    }
    return turnstile;
  }

  private breaker(key: string): CircuitBreakerPolicy {
    let breaker = this.breakers.get(key);
    if (!breaker) {
      breaker = circuitBreaker(handleWhen(isIllHealth), {
        halfOpenAfter: BREAKER_OPEN_MS,
        breaker: new ConsecutiveBreaker(BREAKER_FAILURES),
      });
      this.breakers.set(key, breaker);
    }
    return breaker;
  }
}

/** `gmail:50/250,…` */
function parseLimits(text: string): Map<string, BucketLimit> {
  return new Map(
    text.split(',').map((part) => {
      const [type = '', perSecond, burst] = part.trim().split(/[:/]/);
      return [type, { perSecond: Math.max(0.001, Number(perSecond)), burst: Math.max(1, Number(burst)) }];
    }),
  );
}
