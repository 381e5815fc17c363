import { Members, type Tree } from './json-tree.ts';
import type { Random } from './random.ts';

/** As much of a JSON Schema as the API document uses. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly format?: string;
  readonly pattern?: string;
}

/** Values that mean something at a place of this name (`id`, or `subject.id`), so that requests get past the first check. */
export type Vocabulary = Readonly<Record<string, (random: Random) => Tree>>;

/** A value that the schema accepts, or nearly. */
export function valueOf(schema: Schema, path: string, random: Random, words: Vocabulary): Tree {
  const name = path.slice(path.lastIndexOf('.') + 1);
  const known = words[path] ?? words[name];
  if (known && schema.type !== 'object' && random.chance(0.85)) return known(random);
  if (schema.const !== undefined) return schema.const as Tree;
  if (schema.enum) return random.pick(schema.enum) as Tree;
  if (schema.anyOf) return valueOf(random.pick(schema.anyOf), path, random, words);
  const type = typeof schema.type === 'string' ? schema.type : random.pick(schema.type ?? ['string']);
  switch (type) {
    case 'object': {
      const required = new Set(schema.required);
      const given = Object.entries(schema.properties ?? {}).filter(([key]) => required.has(key) || random.chance(0.4));
      const list: [string, Tree][] = given.map(([key, inner]) => [
        key,
        valueOf(inner, `${name}.${key}`, random, words),
      ]);
      if (schema.additionalProperties && random.chance(0.5)) list.push([random.word(4), random.word(6)]);
      return new Members(list);
    }
    case 'array': {
      const most = Math.min(schema.maxItems ?? 3, 3);
      const length = Math.max(schema.minItems ?? 0, random.below(most + 1));
      return Array.from({ length }, () => valueOf(schema.items ?? {}, path, random, words));
    }
    case 'integer':
    case 'number': {
      const [low, high] = [schema.minimum ?? 0, Math.min(schema.maximum ?? 1_000, 1_000)];
      return random.pick([low, high, low + random.below(Math.max(1, high - low))]);
    }
    case 'boolean':
      return random.chance(0.5);
    case 'null':
      return null;
    default:
      return textOf(schema, random);
  }
}

function textOf(schema: Schema, random: Random): string {
  if (schema.format === 'date-time') return new Date(1_700_000_000_000 + random.below(1e11)).toISOString();
  if (schema.format === 'email') return `${random.word(8)}@fuzz.test`;
  return random.word(Math.max(schema.minLength ?? 1, 1 + random.below(Math.min(schema.maxLength ?? 12, 12))));
}
