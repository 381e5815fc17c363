import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { classifyContent, classifyValue } from './content.ts';

describe('content raises the label', () => {
  test.each([
    ['a private key', '-----BEGIN RSA PRIVATE KEY-----\nMIIE', 'restricted'],
    ['a cloud key', 'use AKIAIOSFODNN7EXAMPLE for it', 'restricted'],
    ['a token', `ghp_${'a1B2'.repeat(9)}`, 'restricted'],
    ['a password', 'the password: hunter2222', 'restricted'],
    ['a card number', 'charge 4111 1111 1111 1111 please', 'confidential'],
    ['another card number', 'amex 378282246310005.', 'confidential'],
    ['an account number', 'pay to DE89 3704 0044 0532 0130 00 today', 'confidential'],
    ['a social security number', 'ssn 123-45-6789', 'confidential'],
    ['salary', 'Your Salary review', 'confidential'],
    ['legal privilege', 'Attorney-Client communication', 'confidential'],
    ['health', 'his diagnosis came back', 'confidential'],
  ])('%s', (_what, text, label) => expect(classifyContent(text)).toBe(label));

  test.each([
    ['a number that fails the check', '4111 1111 1111 1112'],
    ['a time in milliseconds', '1764000009000'],
    ['an account number with a wrong check', 'DE88 3704 0044 0532 0130 00'],
    ['a commit', '2332f7f8c9a0b1c2d3e4f5a6b7c8d9e0f1a2b3c4'],
    ['prose', 'Please review the design of the gateway by Friday.'],
    ['the word password alone', 'reset password page'],
  ])('and %s does not', (_what, text) => expect(classifyContent(text)).toBe('public'));

  test('wherever it stands in a value', () => {
    expect(classifyValue({ a: [{ b: 'ok' }, { password: 'hunter2222' }] })).toBe('restricted');
    expect(classifyValue({ n: 4111111111111111, s: ['IBAN DE89370400440532013000'] })).toBe('confidential');
  });
});

test('any text is classified, and a long hostile one fast', () => {
  fc.assert(fc.property(fc.string(), (text) => void classifyContent(text)));
  for (const piece of ['4 ', 'AB12 ', 'eyJa', '-----BEGIN ', 'password ', 'sk-', '1-', 'A', '9', ' ']) {
    const began = performance.now();
    classifyContent(piece.repeat(200_000));
    expect([piece, performance.now() - began < 1_500]).toEqual([piece, true]);
  }
});
