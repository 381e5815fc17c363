import { expect, test } from '@jest/globals';
import { type Domain } from './domains.ts';
import { type PlacedPolicy } from './placed.ts';
import { decodeVoices } from './references.ts';
import { compileScope } from './scope.ts';

let n = 0;
const policy = (domain: Domain, document: PlacedPolicy['document'], scope: PlacedPolicy['scope'] = 'team') =>
  ({ id: `p${n++}`, name: 'P', version: '1.0.0', scope, scopeId: 'web', domain, document }) as PlacedPolicy;
const whatIsSaid = (text: string) => decodeVoices(text).map(({ rank, why, of }) => [rank, why, ...of]);

test('an action that is both named and blocked is blocked', () => {
  const table = compileScope([policy('actions', { actions: { rm: 'autonomous', ls: 'notify' }, blocked: ['rm'] })]);
  const { named } = table.actions![0];
  expect(whatIsSaid(named.rm![1])).toEqual([[3, 'blocked']]);
  expect(whatIsSaid(named.ls![1])).toEqual([[1, 'notify']]);
});

test('who speaks of every other action joins where another policy names one, and not where it names it itself', () => {
  const table = compileScope([
    policy('actions', { actions: { ls: 'autonomous', cat: 'autonomous' } }),
    policy('actions', { default_autonomy: 'block', actions: { cat: 'notify' } }),
  ]);
  const { named } = table.actions![0];
  expect([named.ls![0], named.ls![2], named.ls![3]]).toEqual([3, false, true]);
  expect([named.cat![0], named.cat![2], named.cat![3]]).toEqual([1, true, false]);
});

test('policies that say the same share a voice', () => {
  const table = compileScope([
    policy('features', { visualization: false }),
    policy('features', { visualization: false }),
  ]);
  const [voice, ...others] = decodeVoices(table.features![0].visualization![1]);
  expect(voice!.policies).toHaveLength(2);
  expect(others).toEqual([]);
});

test('limits of one scope are merged, and lists are in order, each thing once', () => {
  const table = compileScope([
    policy('models', { allowed_providers: ['b', 'a', 'b'], max_classification: 'restricted' }),
    policy('models', { allowed_providers: ['c', 'b'], max_classification: 'internal' }),
  ]);
  expect(table.models![0].limits).toEqual({ allowed_providers: ['b'], max_classification: 'internal' });
});

test('of an entry for a type also those speak who have one for its connector alone', () => {
  const table = compileScope([
    policy('data', { classification_overrides: { gdrive: 'confidential' } }),
    policy('data', { classification_overrides: { gdrive: 'restricted', 'gdrive/page': 'public' } }),
  ]);
  expect(table.labels![0]).toEqual({
    sets: false,
    labels: { gdrive: ['confidential', 'restricted'], 'gdrive/page': ['public', 'confidential'] },
  });
});
