import { Caller, type Principal, Public, Requires } from '#libs/access';
import { Database, pendingMigrations } from '#libs/database';
import { RateLimit } from '#libs/http';
import { Coordination } from '#libs/redis';
import { Oidc } from '#identity';
import { ModuleRechecks, PolicyEngine, Propagation } from '#policy';
import { Controller, Get, Res, ServiceUnavailableException, VERSION_NEUTRAL } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  HealthCheck,
  type HealthIndicatorFunction,
  HealthCheckService,
  HealthIndicatorService,
} from '@nestjs/terminus';
import type { FastifyReply } from 'fastify';
import { Lifecycle } from './lifecycle.ts';

/** How long a probe waits for an answer, in milliseconds: shorter than what Kubernetes waits for the probe. */
const PROBE_MS = 900;

@ApiTags('System')
@Controller({ version: VERSION_NEUTRAL })
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicator: HealthIndicatorService,
    private readonly database: Database,
    private readonly engine: PolicyEngine,
    private readonly propagation: Propagation,
    private readonly modules: ModuleRechecks,
    private readonly oidc: Oidc,
    private readonly coordination: Coordination,
    private readonly lifecycle: Lifecycle,
  ) {}

  @Get('livez')
  @Public()
  @HealthCheck()
  @ApiOperation({ summary: 'The event loop turns. Nothing else: a restart mends neither database nor OPA' })
  live(@Res({ passthrough: true }) reply: FastifyReply) {
    return this.probe(reply, []);
  }

  @Get('readyz')
  @Public()
  @HealthCheck()
  @ApiOperation({ summary: 'The database answers and OPA runs the newest policy revision' })
  ready(@Res({ passthrough: true }) reply: FastifyReply) {
    return this.probe(reply, [
      () => this.draining(),
      () => this.databaseUp(),
      () => this.opaUp(),
      () => this.revisionActive(),
    ]);
  }

  @Get('startupz')
  @Public()
  @HealthCheck()
  @ApiOperation({ summary: 'The schema is up to date' })
  started(@Res({ passthrough: true }) reply: FastifyReply) {
    return this.probe(reply, [() => this.migrated()]);
  }

  @Get('api/v1/status')
  @Requires('status:read')
  @RateLimit('status')
  @ApiOperation({ summary: 'Each component, with what is wrong where something is' })
  async status(@Caller() caller: Principal) {
    const checks = [
      await this.databaseUp(),
      await this.migrated(),
      await this.opaUp(),
      this.revisionActive(),
      await this.check('policyModules', () => this.modulesLoaded(caller.tenantId)),
      await this.check('identityProvider', () => this.oidc.ping()),
      ...(this.coordination.connection ? [this.replicasCoordinate()] : []),
    ];
    const components = Object.assign({}, ...checks) as Record<string, { status: string }>;
    const well = Object.values(components).every((component) => component.status === 'up');
    return { status: well ? 'ok' : 'degraded', components };
  }

  /** Terminus' own answer, with 503 where something is down. */
  private async probe(reply: FastifyReply, checks: HealthIndicatorFunction[]) {
    try {
      return await this.health.check(checks);
    } catch (error) {
      if (!(error instanceof ServiceUnavailableException)) throw error;
      void reply.status(503);
      return error.getResponse();
    }
  }

  private draining() {
    const session = this.indicator.check('gateway');
    return this.lifecycle.draining ? session.down('is draining: it takes no new work') : session.up();
  }

  private databaseUp() {
    return this.check('database', () => this.database.ping());
  }

  private migrated() {
    return this.check('migrations', async () => {
      const pending = await pendingMigrations(this.database.source);
      if (pending.length > 0) throw new Error(`not run yet: ${pending.join(', ')}`);
    });
  }

  private opaUp() {
    return this.check('opa', () => this.engine.ping(PROBE_MS));
  }

  private revisionActive() {
    const session = this.indicator.check('policyRevision');
    const lag = this.propagation.lag();
    return lag === undefined ? session.up() : session.down(lag);
  }

  /** Readiness does not ask: without Redis a replica goes on by itself. */
  private replicasCoordinate() {
    const session = this.indicator.check('redis');
    const { problem } = this.coordination;
    return problem === undefined ? session.up() : session.down(problem);
  }

  /** The caller's own: what is wrong with another tenant's policies is nobody else's business. */
  private async modulesLoaded(tenantId: string): Promise<void> {
    const faulty = await this.modules.faulty(tenantId);
    if (faulty.length > 0) throw new Error(faulty.slice(0, 5).join('; '));
  }

  private async check(name: string, probe: () => Promise<unknown>) {
    const session = this.indicator.check(name);
    try {
      await withinTime(probe());
      return session.up();
    } catch (error) {
      return session.down((error as Error).message);
    }
  }
}

async function withinTime(work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${PROBE_MS} ms`)), PROBE_MS);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
