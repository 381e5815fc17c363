import { expect, test } from '@jest/globals';
import { Rounds } from './rounds.ts';

test('rounds come after the beginning, one at a time', async () => {
  const rounds = new Rounds();
  let count = 0;
  await rounds.run(async () => void count++);
  expect(count).toBe(0);
  rounds.begin();
  let release!: () => void;
  const first = rounds.run(() => new Promise((resolve) => (release = resolve)));
  await rounds.run(async () => void count++);
  expect(count).toBe(0);
  release();
  await first;
  await rounds.run(async () => void count++);
  expect(count).toBe(1);
});

test('the end waits for the round under way, also one that fails, and lets no other begin', async () => {
  const rounds = new Rounds();
  rounds.begin();
  let fail!: (error: Error) => void;
  const round = rounds.run(() => new Promise((_, reject) => (fail = reject)));
  let ended = false;
  const end = rounds.end().then(() => (ended = true));
  await Promise.resolve();
  expect(ended).toBe(false);
  fail(new Error('the database is gone'));
  await expect(round).rejects.toThrow('gone');
  await end;
  let count = 0;
  await rounds.run(async () => void count++);
  expect(count).toBe(0);
});
