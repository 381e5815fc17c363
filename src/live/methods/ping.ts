import { Clock } from '#libs/clock';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { LiveMethod } from './method.ts';

const PARAMS = z.strictObject({});

@Injectable()
export class Ping implements LiveMethod<object> {
  readonly name = 'ping';
  readonly params = PARAMS;

  constructor(private readonly clock: Clock) {}

  async handle(): Promise<unknown> {
    return { at: new Date(this.clock.now()).toISOString() };
  }
}
