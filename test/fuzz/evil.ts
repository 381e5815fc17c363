import { Members, objectsOf, Raw, slotsOf, type Tree, write } from './json-tree.ts';
import type { Random } from './random.ts';

/** Dates at the edges of what clocks, JavaScript and PostgreSQL know. */
export const FAR_DATES = [
  '0000-01-01T00:00:00Z',
  '0001-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999999999Z',
  '+275760-09-13T00:00:00Z',
  '-271821-04-20T00:00:00Z',
  '1969-12-31T23:59:59Z',
  '2026-02-30T00:00:00Z',
  '2026-01-01T24:00:00Z',
  '2016-12-31T23:59:60Z',
  '2026-01-01T00:00:00+23:59',
  '2026-01-01T00:00:00+99:99',
  '4714-11-24T00:00:00Z',
  '2026-01-01',
  'infinity',
  'now',
];

/** Texts that have hurt somebody's parser. */
export const EVIL_TEXTS = [
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\ud800',
  '\udfff\ud800',
  '\ufeff',
  '\u202e',
  "' OR 1=1 --",
  '"; DROP TABLE users; --',
  '$1',
  '%s%n',
  '../../../../etc/passwd',
  '${jndi:ldap://127.0.0.1/a}',
  '<script>alert(1)</script>',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'null',
  'undefined',
  'NaN',
  '-1',
  '1e999',
  '🦞'.repeat(40),
  'ß'.repeat(300),
  'a'.repeat(5_000),
  '*',
  '(',
  '\\',
  '\n\r\n',
  ...FAR_DATES,
];

const NUMBERS = [
  '-0',
  '0',
  '-1',
  '1e308',
  '5e-324',
  '1.5',
  '9007199254740993',
  '123456789012345678901234567890',
  '2147483648',
];

/** A value that is wrong nearly everywhere, though good JSON. */
export function evilValue(random: Random): Tree {
  switch (random.below(9)) {
    case 0:
      return null;
    case 1:
      return random.chance(0.5);
    case 2:
      return new Raw(random.pick(NUMBERS));
    case 3:
      return [];
    case 4:
      return new Members([]);
    case 5:
      return Array.from({ length: random.pick([1, 101, 1_001]) }, () =>
        random.pick<Tree>(['x', null, 0, new Members([])]),
      );
    case 6:
      return new Members([
        ['toString', 1],
        ['length', -1],
        ['hasOwnProperty', null],
      ]);
    case 7:
      return nested(random, random.pick([5, 31]));
    default:
      return random.pick(EVIL_TEXTS);
  }
}

/** Changes a tree in one way that leaves it JSON, if perhaps no longer what is asked for. */
export function disturb(tree: Tree, random: Random): Tree {
  const slots = slotsOf(tree);
  const objects = objectsOf(tree);
  if (slots.length === 0 || objects.length === 0 || random.chance(0.05)) return evilValue(random);
  switch (random.below(4)) {
    case 0: {
      const { list } = random.pick(objects);
      if (list.length > 0) list.splice(random.below(list.length), 1);
      break;
    }
    case 1:
      random.pick(objects).list.push([random.pick(['x', '', 'toString', 'ä', 'a.b', '$ref', ' ']), evilValue(random)]);
      break;
    default:
      random.pick(slots).set(evilValue(random));
  }
  return tree;
}

/** Bodies that no route may accept, with what is wrong with them. */
export function brokenBody(tree: Tree, random: Random): { body: Buffer; fault: string } {
  const objects = objectsOf(tree);
  const slots = slotsOf(tree);
  const inside = (value: Tree) => {
    if (slots.length > 0) random.pick(slots).set(value);
    else return write(value);
    return write(tree);
  };
  switch (random.below(12)) {
    case 0: {
      const filled = objects.filter(({ list }) => list.length > 0);
      if (filled.length > 0) {
        const { list } = random.pick(filled);
        const [name, value] = random.pick(list);
        list.push([random.chance(0.5) ? name : escaped(name), value]);
        return text(write(tree), 'a name twice');
      }
      return text('{"a":1,"a":1}', 'a name twice');
    }
    case 1:
      return { body: Buffer.from([...Buffer.from(inside('x')), 0xc0, 0xaf]), fault: 'bytes that are no UTF-8' };
    case 2: {
      const whole = write(tree);
      return text(whole.slice(0, Math.max(1, random.below(whole.length))) + '\u0001', 'cut short');
    }
    case 3:
      return text(inside(new Raw('"\\u0000"')), 'a NUL');
    case 4:
      return text(inside(new Raw('"\\ud834"')), 'half of a surrogate pair');
    case 5:
      return text(inside(new Raw(random.pick(['1e999', '-1e999', `1${'0'.repeat(400)}`]))), 'a number too large');
    case 6: {
      const key = random.pick(['"__proto__"', '"constructor"', '"prototype"', '"\\u005f_proto__"']);
      return text(inside(new Members([[new Raw(key), new Members([['admin', true]])]])), 'a prototype key');
    }
    case 7: {
      const depth = random.pick([40, 1_000, 50_000]);
      return text(inside(new Raw('['.repeat(depth) + ']'.repeat(depth))), 'too deep');
    }
    case 8:
      return text(`${write(tree)}${random.pick(['}', ' x', ',{}', '\u0000'])}`, 'something behind');
    case 9:
      return text(
        random.pick(['', ' ', '\ufeff', 'undefined', 'NaN', "{'a':1}", '{a:1}', '[1,]', '// x\n{}']),
        'no JSON',
      );
    case 10:
      return text(inside('x'.repeat(1_100_000)), 'larger than 1 MiB');
    default:
      return text(inside(new Raw(random.pick(['01', '.5', '+1', '0x10', '1.', 'Infinity']))), 'a number that is none');
  }
}

function nested(random: Random, depth: number): Tree {
  let tree: Tree = 1;
  for (let i = 0; i < depth; i++) tree = random.chance(0.5) ? [tree] : new Members([['a', tree]]);
  return tree;
}

function escaped(name: string | Raw): string | Raw {
  if (name instanceof Raw || name === '') return name;
  return new Raw(`"\\u${name.charCodeAt(0).toString(16).padStart(4, '0')}${JSON.stringify(name.slice(1)).slice(1)}`);
}

function text(body: string, fault: string): { body: Buffer; fault: string } {
  return { body: Buffer.from(body), fault };
}
