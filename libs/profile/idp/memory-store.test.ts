import { expect, it } from '@jest/globals';
import { memoryStore } from './memory-store.ts';

it('forgets the oldest beyond its limit, and what has expired', async () => {
  let now = 0;
  const tokens = memoryStore(2, () => now)('AccessToken');
  for (const id of ['a', 'b', 'c']) await tokens.upsert(id, { uid: id }, 10);
  expect([await tokens.find('a'), await tokens.find('b')]).toEqual([undefined, { uid: 'b' }]);
  expect(await tokens.findByUid('c')).toEqual({ uid: 'c' });
  now = 10_000;
  expect([await tokens.find('c'), await tokens.findByUid('c')]).toEqual([undefined, undefined]);
});

it('revokes what came of a grant, but not the sign-in that ends it', async () => {
  const store = memoryStore();
  await store('AccessToken').upsert('mine', { grantId: 'g' }, 10);
  await store('AccessToken').upsert('other', { grantId: 'h' }, 10);
  await store('Interaction').upsert('i', { grantId: 'g' }, 10);
  await store('AccessToken').revokeByGrantId('g');
  expect(await store('AccessToken').find('mine')).toBeUndefined();
  expect(await store('AccessToken').find('other')).toBeDefined();
  expect(await store('Interaction').find('i')).toBeDefined();
});
