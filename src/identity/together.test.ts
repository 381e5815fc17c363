import { expect, test } from '@jest/globals';
import { together } from './together.ts';

function asker() {
  const questions: {
    keys: readonly string[];
    answer: (map: Map<string, string>) => void;
    fail: (error: Error) => void;
  }[] = [];
  const find = together<string>(
    (keys) => new Promise((answer, fail) => questions.push({ keys, answer: answer as never, fail })),
  );
  const answer = (n: number) => questions[n]!.answer(new Map(questions[n]!.keys.map((key) => [key, `${key}!`])));
  return { find, questions, answer };
}

test('calls that come while questions are under way share the next', async () => {
  const { find, questions, answer } = asker();
  const all = ['a', 'b', 'c', 'd', 'c'].map((key) => find(key));
  expect(questions.map(({ keys }) => keys)).toEqual([['a'], ['b']]);
  answer(0);
  await all[0];
  await Promise.resolve();
  expect(questions[2]!.keys).toEqual(['c', 'd']);
  answer(1);
  answer(2);
  expect(await Promise.all(all)).toEqual(['a!', 'b!', 'c!', 'd!', 'c!']);
});

test('a call is never answered by a question that was asked before it', async () => {
  const { find, questions, answer } = asker();
  const [first, second] = [find('a'), find('a')];
  expect(questions).toHaveLength(2);
  const third = find('a');
  answer(0);
  answer(1);
  expect(await Promise.all([first, second])).toEqual(['a!', 'a!']);
  await Promise.resolve();
  expect(questions).toHaveLength(3);
  questions[2]!.answer(new Map());
  expect(await third).toBeUndefined();
});

test('a question that fails fails its own calls and no others', async () => {
  const { find, questions, answer } = asker();
  const calls = ['a', 'b', 'c'].map((key) => find(key).catch((error: Error) => error.message));
  questions[0]!.fail(new Error('away'));
  expect(await calls[0]).toBe('away');
  await Promise.resolve();
  answer(1);
  answer(2);
  expect(await Promise.all(calls)).toEqual(['away', 'b!', 'c!']);
});
