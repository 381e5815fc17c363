/**
 * The built-in functions a module may call: pure ones whose cost grows with what they are given and no faster. Everything
 * else is refused, also what a later OPA will add.
 */
export const PERMITTED_BUILTINS: ReadonlySet<string> = new Set([
  // comparison, assignment, membership
  ...['assign', 'eq', 'equal', 'neq', 'gt', 'gte', 'lt', 'lte', 'internal.member_2', 'internal.member_3'],
  // numbers
  ...['abs', 'ceil', 'div', 'floor', 'minus', 'mul', 'plus', 'rem', 'round', 'to_number'],
  // collections
  ...['count', 'max', 'min', 'sort', 'sum', 'and', 'or', 'intersection', 'union'],
  ...['array.concat', 'array.reverse', 'array.slice'],
  ...['object.filter', 'object.get', 'object.keys', 'object.remove', 'object.subset', 'object.union'],
  // text
  ...['concat', 'contains', 'endswith', 'indexof', 'lower', 'split', 'sprintf', 'startswith', 'substring', 'upper'],
  ...['trim', 'trim_left', 'trim_prefix', 'trim_right', 'trim_space', 'trim_suffix'],
  ...[
    'strings.any_prefix_match',
    'strings.any_suffix_match',
    'strings.count',
    'strings.reverse',
    'regex.match',
    'regex.is_valid',
  ],
  // versions, and times that the request names
  ...['semver.compare', 'semver.is_valid', 'time.parse_duration_ns', 'time.parse_rfc3339_ns'],
  // types
  ...['is_array', 'is_boolean', 'is_null', 'is_number', 'is_object', 'is_set', 'is_string', 'type_name'],
]);

/** Built-ins whose result is larger than any one argument. */
export const GROWING_BUILTINS: ReadonlySet<string> = new Set(['array.concat', 'object.union', 'union', 'or', 'mul']);

const REASONS: readonly [RegExp, string][] = [
  [/^(http\.|net\.|providers\.)/, 'a module has no network'],
  [/^(opa\.runtime|rego\.|internal\.print|print|trace)/, 'a module sees nothing of the process that runs it'],
  [/^(time\.|uuid\.rfc4122|rand\.)/, 'a module has no clock and no randomness; let the request name the time'],
  [/^(io\.jwt\.|crypto\.)/, 'a module has no keys'],
  [
    /^(walk|numbers\.|regex\.|glob\.|graph\.|graphql\.|json\.|yaml\.|strings\.|replace|product)/,
    'its cost or its result has no bound',
  ],
];

/** Why a built-in is not permitted, in words. */
export function whyRefused(name: string): string {
  return REASONS.find(([pattern]) => pattern.test(name))?.[1] ?? 'it is not on the list of what a module may call';
}
