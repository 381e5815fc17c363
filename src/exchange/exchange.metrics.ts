import { Injectable } from '@nestjs/common';
import { InjectMetric, makeCounterProvider } from '@willsoto/nestjs-prometheus';
import { Counter } from 'prom-client';
import type { Outcome } from './rules/index.ts';

export const EXCHANGE_METRICS = [
  makeCounterProvider({
    name: 'ocip_messages_total',
    help: 'Messages between assistants by what they came to: the outcome of their exchange, held for a person, or refused.',
    labelNames: ['outcome'],
  }),
];

@Injectable()
export class ExchangeMetrics {
  constructor(@InjectMetric('ocip_messages_total') private readonly messages: Counter) {}

  sent(outcome: Outcome | 'held' | 'refused'): void {
    this.messages.inc({ outcome });
  }
}
