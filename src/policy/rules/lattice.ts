import { type Classification, higher, isAbove, lower } from '#libs/classification';
import { AUTONOMY, type Autonomy, isStricter } from './autonomy.ts';
import { compare } from './placed.ts';
import { PERMISSIONS, type Permission } from './domains.ts';

/**
 * How the values of one field merge down a path, and when a value tries to be wider than the one above it.
 * For every rule: `isWider(value, parent)` holds exactly where `merge(parent, value)` differs from `value`, that is
 * where a document asks for more than it will get. Merging is associative; but for `pinned` the order is no matter.
 * Source: DOMAIN rules, section 2 ("Constraints merge like verdicts").
 */
export interface MergeRule<T> {
  merge: (parent: T, value: T) => T;
  isWider: (value: T, parent: T) => boolean;
}

const rule = <T>(merge: MergeRule<T>['merge'], isWider: MergeRule<T>['isWider']): MergeRule<T> => ({ merge, isWider });

const inOrder = (names: Iterable<string>) => [...new Set(names)].sort(compare);

/** Autonomy: the stricter one holds. */
export const strictest = rule<Autonomy>(
  (parent, value) => AUTONOMY[Math.max(AUTONOMY.indexOf(parent), AUTONOMY.indexOf(value))]!,
  (value, parent) => isStricter(parent, value),
);

/** A limit on how sensitive data may be: the lower one holds. */
export const lowestLabel = rule<Classification>(lower, isAbove);

/** The label of a thing: the higher one holds, since a scope below may raise but not lower it. */
export const highestLabel = rule<Classification>(higher, (value, parent) => isAbove(parent, value));

/** A list of what is allowed: what every scope allows. */
export const allowed = rule<string[]>(
  (parent, value) => inOrder(value.filter((item) => parent.includes(item))),
  (value, parent) => value.some((item) => !parent.includes(item)),
);

/** A list of what is blocked: whatever any scope blocks. Leaving a name out lifts nothing, so it is never wider. */
export const blocked = rule<string[]>(
  (parent, value) => inOrder([...parent, ...value]),
  () => false,
);

/** A switch that gives freedom: on only where every scope says so. */
export const freedom = rule<boolean>(
  (parent, value) => parent && value,
  (value, parent) => value && !parent,
);

/** A switch that is a duty, such as logging: on where any scope says so. */
export const duty = rule<boolean>(
  (parent, value) => parent || value,
  (value, parent) => !value && parent,
);

/** A number that gives freedom: the smallest holds. */
export const atMost = rule<number>(Math.min, (value, parent) => value > parent);

/** A number that is a duty, such as the years audit is kept: the largest holds. */
export const atLeast = rule<number>(Math.max, (value, parent) => value < parent);

/** Access through a connector: the lesser holds. */
export const leastAccess = rule<Permission>(
  (parent, value) => PERMISSIONS[Math.min(PERMISSIONS.indexOf(parent), PERMISSIONS.indexOf(value))]!,
  (value, parent) => PERMISSIONS.indexOf(value) > PERMISSIONS.indexOf(parent),
);

/** A choice that has no order: the widest scope's holds, and another one below it is refused. */
export const pinned = rule<string>(
  (parent) => parent,
  (value, parent) => value !== parent,
);
