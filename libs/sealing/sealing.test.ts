import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { newSealingKeys, parseSealingKeys, SealError, Sealing } from './sealing.ts';

const key = (id: string) => ({ id, key: Buffer.alloc(32, id) });

test('what is sealed opens at its place, and shows nothing', () => {
  const sealing = new Sealing([key('a')]);
  fc.assert(
    fc.property(fc.string(), fc.string(), (text, place) => {
      const sealed = sealing.seal(text, place);
      expect(sealing.open(sealed, place)).toBe(text);
      expect(text.length > 3 && sealed.includes(text)).toBe(false);
    }),
  );
});

describe('it does not open', () => {
  const sealing = new Sealing([key('a')]);
  const sealed = sealing.seal('secret', 'acme/1');
  test.each([
    ['elsewhere', () => sealing.open(sealed, 'acme/2')],
    ['when it was changed', () => sealing.open(`${sealed.slice(0, -2)}AA`, 'acme/1')],
    ['when it was cut', () => sealing.open(sealed.slice(0, 20), 'acme/1')],
    ['without its key', () => new Sealing([key('b')]).open(sealed, 'acme/1')],
    ['when it is something else', () => sealing.open('hello', 'acme/1')],
  ])('%s', (_when, open) => expect(open).toThrow(SealError));
});

test('a new key in front seals, the old one still opens', () => {
  const sealed = new Sealing([key('old')]).seal('secret', 'p');
  const rotated = new Sealing([key('new'), key('old')]);
  expect([rotated.open(sealed, 'p'), rotated.isOld(sealed), rotated.isOld(rotated.seal('x', 'p'))]).toEqual([
    'secret',
    true,
    false,
  ]);
});

test('keys are read strictly', () => {
  expect(parseSealingKeys(newSealingKeys())).toHaveLength(1);
  for (const wrong of ['', 'k1', 'k1:AAAA', `${newSealingKeys()},${newSealingKeys()}`])
    expect(() => parseSealingKeys(wrong)).toThrow();
});
