import { AuditSink } from '#audit';
import { expect, test } from '@jest/globals';
import { PartitionKeeper } from '../../src/audit/partition-keeper.ts';
import { ManualClock } from './support.ts';

class FailingSink extends AuditSink {
  calls = 0;

  constructor(private failures: number) {
    super();
  }

  async ensurePartitions(): Promise<readonly string[]> {
    this.calls++;
    if (this.failures-- > 0) throw new Error('away');
    return [];
  }

  append(): never {
    throw new Error('not asked for here');
  }

  async close(): Promise<void> {}

  async end(): Promise<void> {}
}

const settled = () => new Promise<void>((turn) => setImmediate(turn));

test('partitions that cannot be made at the start are made later, and the start goes on', async () => {
  const clock = new ManualClock();
  const sink = new FailingSink(2);
  const keeper = new PartitionKeeper(sink, clock, 12);
  await keeper.onApplicationBootstrap();
  expect(sink.calls).toBe(1);
  clock.advance(1_000);
  await settled();
  clock.advance(1_999);
  await settled();
  expect(sink.calls).toBe(2);
  clock.advance(1);
  await settled();
  clock.advance(1_000_000);
  expect(sink.calls).toBe(3);
});

test('nothing is tried again after the shutdown', async () => {
  const clock = new ManualClock();
  const sink = new FailingSink(9);
  const keeper = new PartitionKeeper(sink, clock, 12);
  await keeper.onApplicationBootstrap();
  keeper.onApplicationShutdown();
  clock.advance(1_000_000);
  expect(sink.calls).toBe(1);
});
