import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { csvCell } from './export.ts';

test.each([
  [null, ''],
  ['plain', 'plain'],
  ['a,b', '"a,b"'],
  ['say "x"', '"say ""x"""'],
  ['two\nlines', '"two\nlines"'],
  ['=1+1', `'=1+1`],
  ['+1', `'+1`],
  ['-1', `'-1`],
  ['@x', `'@x`],
  ['\tx', `'\tx`],
  ['=a,"b"', `"'=a,""b"""`],
  [-5, '-5'],
  [{ a: '=1' }, '"{""a"":""=1""}"'],
])('the cell of %j is %s', (value, cell) => {
  expect(csvCell(value)).toBe(cell);
});

test('no text makes a formula, a second cell or a second row', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const cell = csvCell(text);
      const quoted = cell.startsWith('"');
      if (quoted) expect(cell.slice(1, -1).replaceAll('""', '')).not.toContain('"');
      else expect(cell).not.toMatch(/[",\r\n]/);
      const read = quoted ? cell.slice(1, -1).replaceAll('""', '"') : cell;
      expect(read).not.toMatch(/^[=+\-@\t\r]/);
      expect([text, `'${text}`]).toContain(read);
    }),
  );
});
