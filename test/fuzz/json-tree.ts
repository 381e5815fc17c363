/**
 * JSON that may be wrong: a tree in which any place can hold text that stands in the body as it is (`Raw`), and an object
 * is a list of members, so that a name can stand twice.
 */
export type Tree = string | number | boolean | null | Raw | Tree[] | Members;

export class Raw {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export class Members {
  readonly list: [string | Raw, Tree][];
  constructor(list: [string | Raw, Tree][]) {
    this.list = list;
  }
}

export function write(tree: Tree): string {
  if (tree instanceof Raw) return tree.text;
  if (Array.isArray(tree)) return `[${tree.map(write).join(',')}]`;
  if (!(tree instanceof Members)) return JSON.stringify(tree);
  const members = tree.list.map(
    ([name, value]) => `${name instanceof Raw ? name.text : JSON.stringify(name)}:${write(value)}`,
  );
  return `{${members.join(',')}}`;
}

/** A place in a tree, and how to put something else there. */
export interface Slot {
  readonly value: Tree;
  set(value: Tree): void;
}

/** Every place below the root. */
export function slotsOf(tree: Tree): Slot[] {
  if (Array.isArray(tree)) {
    return tree.flatMap((value, at) => [{ value, set: (to: Tree) => void (tree[at] = to) }, ...slotsOf(value)]);
  }
  if (!(tree instanceof Members)) return [];
  return tree.list.flatMap((member) => [
    { value: member[1], set: (to: Tree) => void (member[1] = to) },
    ...slotsOf(member[1]),
  ]);
}

/** Every object in a tree. */
export function objectsOf(tree: Tree): Members[] {
  if (Array.isArray(tree)) return tree.flatMap(objectsOf);
  if (!(tree instanceof Members)) return [];
  return [tree, ...tree.list.flatMap(([, value]) => objectsOf(value))];
}
