/** Which groups may not become one, whoever would join them. */
export type Apart = readonly (readonly [number, number])[];

/**
 * Disjoint groups that are joined pair by pair and keep pairs apart for good, also through third parties. The smaller side is
 * always moved into the larger, so that all joins together cost n log n.
 */
export class Clusters {
  readonly #parent: number[];
  readonly #size: number[];
  readonly #apart: Set<number>[];
  /** By group: what there may be only one of, such as an issue of one tracker. */
  readonly #unique: Set<string>[];

  /** @param unique by member: what a group may hold once, or null */
  constructor(unique: readonly (string | null)[], apart: Apart) {
    this.#parent = unique.map((_, i) => i);
    this.#size = unique.map(() => 1);
    this.#apart = unique.map(() => new Set());
    this.#unique = unique.map((name) => new Set(name === null ? [] : [name]));
    for (const [a, b] of apart) {
      this.#apart[a]!.add(b);
      this.#apart[b]!.add(a);
    }
  }

  root(member: number): number {
    let root = member;
    while (this.#parent[root] !== root) root = this.#parent[root]!;
    while (this.#parent[member] !== root) [this.#parent[member], member] = [root, this.#parent[member]!];
    return root;
  }

  /** @param insist a person said so: uniqueness does not stand in the way, only another person's split does */
  join(a: number, b: number, insist = false): boolean {
    let [into, from] = [this.root(a), this.root(b)];
    if (into === from) return true;
    if (this.#size[into]! < this.#size[from]!) [into, from] = [from, into];
    if ([...this.#apart[from]!].some((member) => this.root(member) === into)) return false;
    if ([...this.#apart[into]!].some((member) => this.root(member) === from)) return false;
    if (!insist && [...this.#unique[from]!].some((name) => this.#unique[into]!.has(name))) return false;
    this.#parent[from] = into;
    this.#size[into]! += this.#size[from]!;
    for (const member of this.#apart[from]!) this.#apart[into]!.add(member);
    for (const name of this.#unique[from]!) this.#unique[into]!.add(name);
    return true;
  }
}
