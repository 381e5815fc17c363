import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { Roster } from '../roster.ts';
import type { LiveCall, LiveMethod } from './method.ts';

const PARAMS = z.strictObject({});

/** The instances that are connected for the same person. */
@Injectable()
export class SessionsList implements LiveMethod<object> {
  readonly name = 'sessions.list';
  readonly params = PARAMS;

  constructor(private readonly roster: Roster) {}

  async handle({ session }: LiveCall): Promise<unknown> {
    const instances = await this.roster.of(session.tenantId, session.userId);
    return {
      sessions: instances.map(({ id, instanceId, connectedAt }) => ({
        instanceId,
        connectedAt: connectedAt.toISOString(),
        current: id === session.id,
      })),
    };
  }
}
