import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseJson } from './json.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const fault = (body: string | Uint8Array): string => {
  try {
    parseJson(typeof body === 'string' ? bytes(body) : body);
  } catch (error) {
    return (error as { detail: string }).detail;
  }
  return 'accepted';
};

describe('parseJson', () => {
  test('reads what JSON.parse reads, where no name stands twice', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false, maxDepth: 5 }), (value) => {
        const text = JSON.stringify(value);
        if (/\\u0000|\\ud[89a-f]|__proto__|constructor|prototype|toString|valueOf/i.test(text)) return;
        for (const written of [text, JSON.stringify(value, null, 2)]) {
          expect(parseJson(bytes(written))).toEqual(JSON.parse(text));
        }
      }),
    );
  });

  test.each([
    ['{"a":1,"a":2}', 'a stands twice.'],
    ['{"a":1,"b":{"c":[0,{"d":1,"d":1}]}}', 'b.c.1.d stands twice.'],
    ['{"a":{"a":1},"\\u0061":2}', 'a stands twice.'],
    ['{"a":"}{:,\\"", "b" : [], "b" :{}}', 'b stands twice.'],
    ['[{"x":1},{"x":1,"y":{},"x":2}]', '1.x stands twice.'],
    ['{"a\\"b":1,"a\\u0022b":1}', 'a"b stands twice.'],
  ])('%s is refused: %s', (body, message) => expect(fault(body)).toBe(message));

  test.each(['{"a":{"x":1},"b":{"x":1}}', '[{"x":1},{"x":1}]', '{"a":":\\":","b":"a"}', '{"ä":1,"a":2}', '[]', '0'])(
    '%s has no name twice',
    (body) => expect(fault(body)).toBe('accepted'),
  );

  test.each([
    ['{"n":1e999}', /^n is a number too large/],
    ['{"n":[-1e400]}', /^n\.0 is a number too large/],
    ['{"a":"\\u0000"}', /^a has a NUL/],
    ['{"a":"\\ud800"}', /^a has a NUL character or half/],
    ['{"\\ud800":1}', /name with a NUL/],
    ['{"__proto__":{}}', /^__proto__ is not an accepted name/],
    ['{"a":{"constructor":1}}', /^a\.constructor is not/],
    ['{"a":{"toString":1,"length":{}}}', /^a\.toString is not/],
    ['['.repeat(40) + ']'.repeat(40), /nested more than 32/],
    ['', /empty/],
    ['{"a":1', /not valid JSON/],
    ["{'a':1}", /not valid JSON/],
  ])('%s is refused', (body, message) => expect(fault(body)).toMatch(message));

  test('a hundred thousand levels do not exhaust the stack', () => {
    expect(fault('['.repeat(100_000) + ']'.repeat(100_000))).toMatch(/nested|not valid/);
    expect(fault('{"a":'.repeat(100_000) + '1' + '}'.repeat(100_000))).toMatch(/nested|not valid/);
  });

  test('bytes that are no UTF-8 are refused', () => {
    expect(fault(new Uint8Array([0x22, 0xc0, 0xaf, 0x22]))).toMatch(/UTF-8/);
  });

  test.each(['9007199254740993', '-0', '1e308', '5e-324'])('the number %s is what JSON.parse makes of it', (number) =>
    expect(parseJson(bytes(number))).toBe(JSON.parse(number)),
  );
});
