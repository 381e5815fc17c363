import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { SCOPES } from './domains.ts';
import { decodeReferences, decodeVoices, encodeReferences, encodeVoices } from './references.ts';

const name = fc.string();
const policies = fc.record({ scope: fc.constantFrom(...SCOPES), scopeId: name }).chain((place) =>
  fc.array(
    fc.record({
      id: name,
      name,
      scope: fc.constant(place.scope),
      scopeId: fc.constant(place.scopeId),
      version: name,
    }),
    { minLength: 1, maxLength: 3 },
  ),
);

test('references are read back as they were', () => {
  fc.assert(
    fc.property(policies, (given) => {
      expect(decodeReferences(encodeReferences(given[0]!, given))).toEqual(given);
    }),
  );
});

test('voices are read back as they were', () => {
  const said = fc.record({ rank: fc.integer({ min: 0, max: 3 }), why: name, of: fc.array(name) });
  fc.assert(
    fc.property(policies, fc.array(said, { minLength: 1 }), (own, all) => {
      const voices = all.map((one) => ({ ...one, policies: own }));
      expect(decodeVoices(encodeVoices(own[0]!, voices))).toEqual(voices);
    }),
  );
});

test.each([
  '',
  '{}',
  '[]',
  '["user","a"]',
  '["galaxy","a",["i","n","v"]]',
  '["user",1,["i","n","v"]]',
  '["user","a",7]',
])('no text of ours: %s', (text) => {
  expect(() => decodeReferences(text)).toThrow(SyntaxError);
  expect(() => decodeVoices(text)).toThrow(SyntaxError);
});
