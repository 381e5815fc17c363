import { wordsOf, type WorkItem } from '#connectors';

/** More items than this around one name say nothing of a pair of them; keeps the number of candidates linear. */
const MOST_SHARERS = 32;
/** An item that names more known items than this is a list of things, such as a digest. */
const MOST_NAMED = 12;
/** How telling it is that two items name the same thing. People are in everything. */
const WEIGHTS: Readonly<Record<string, number>> = { path: 0.6, name: 0.7, title: 0.7, person: 0.15 };

export const itemKey = (item: Pick<WorkItem, 'system' | 'id'>): string => `${item.system}:${item.id}`;

interface Mention {
  readonly entity: number;
  readonly explicit: boolean;
}

/**
 * Who names what: an inverted index over the references of items. Entities are numbered; an item is itself an entity under all
 * of its names, so that naming it and being it meet. Build cost linear in the number of references.
 */
export class ReferenceIndex {
  /** The words of each title, sorted. */
  readonly titles: readonly (readonly string[])[];
  readonly #numbers = new Map<string, number>();
  readonly #weights: number[] = [];
  /** By entity: the item that it is, -1 for none, -2 where several items claim the name. */
  readonly #known: number[] = [];
  /** By item: what it names or is, each once. */
  readonly #mentions: Map<number, boolean>[];
  /** By entity: items that name it or are it, in order. */
  readonly #sharers: (number[] | undefined)[] = [];
  readonly #self: number[];
  readonly #named: (readonly number[])[];

  /** @param items distinct, in a fixed order */
  constructor(readonly items: readonly WorkItem[]) {
    this.titles = items.map((item) => wordsOf(item.title));
    this.#self = items.map((item, i) => this.#claim(item, i));
    this.#mentions = items.map((item, i) => {
      const mentions = new Map<number, boolean>([[this.#self[i]!, false]]);
      for (const { entity, explicit } of this.#read(item, i))
        mentions.set(entity, explicit || mentions.get(entity) === true);
      return mentions;
    });
    this.#mentions.forEach((mentions, i) => {
      for (const entity of mentions.keys()) (this.#sharers[entity] ??= []).push(i);
    });
    this.#named = this.#mentions.map((mentions, i) => [
      ...new Set(
        [...mentions.keys()].map((entity) => this.#known[entity]!).filter((known) => known >= 0 && known !== i),
      ),
    ]);
  }

  /** The known items that an item names, without itself. */
  named(item: number): readonly number[] {
    return this.#named[item]!;
  }

  /** The known items that it names explicitly. */
  namedExplicitly(item: number): readonly number[] {
    return this.named(item).filter((other) => this.#mentions[item]!.get(this.#self[other]!) === true);
  }

  mentions(item: number, other: number): boolean {
    return this.#named[item]!.length <= MOST_NAMED && this.#mentions[item]!.has(this.#self[other]!);
  }

  /** Whether both name a third known item, neither being a list of things nor that one named by too many. */
  shareKnown(a: number, b: number): boolean {
    const named = this.#named[b]!;
    if (named.length > MOST_NAMED || this.#named[a]!.length > MOST_NAMED) return false;
    return this.#named[a]!.some((third) => named.includes(third) && this.#rarity(this.#self[third]!) === 1);
  }

  /** Sum of the weights of what both name or are. */
  sharedWeight(a: number, b: number): number {
    const [few, many] = [this.#mentions[a]!, this.#mentions[b]!].sort((x, y) => x.size - y.size) as [
      Map<number, boolean>,
      Map<number, boolean>,
    ];
    const listing = Math.min(1, 3 / Math.max(this.#named[a]!.length, this.#named[b]!.length, 1));
    let weight = 0;
    for (const entity of few.keys()) {
      if (!many.has(entity)) continue;
      weight += this.#weights[entity]! * this.#rarity(entity) * (this.#known[entity]! >= 0 ? listing : 1);
    }
    return weight;
  }

  /**
   * Pairs (smaller position first) that share something telling: at most a fixed number an item.
   * @param always pairs to compare in any case
   */
  *candidates(always: readonly (readonly [number, number])[]): Generator<readonly [number, number]> {
    const seen = new Set<number>();
    const n = this.items.length;
    const fresh = (a: number, b: number) => {
      const pair = Math.min(a, b) * n + Math.max(a, b);
      return seen.size !== seen.add(pair).size;
    };
    for (const [a, b] of always) if (fresh(a, b)) yield a < b ? [a, b] : [b, a];
    for (let i = 0; i < n; i += 1) {
      if (this.#named[i]!.length > MOST_NAMED) continue;
      for (const other of this.#named[i]!) if (fresh(i, other)) yield i < other ? [i, other] : [other, i];
    }
    for (const [entity, sharers] of this.#sharers.entries()) {
      // A name that no item mentions leaves a gap.
      if (sharers === undefined || sharers.length > MOST_SHARERS || this.#weights[entity]! < 0.5) continue;
      for (let i = 0; i < sharers.length; i += 1)
        for (let j = i + 1; j < sharers.length; j += 1)
          if (fresh(sharers[i]!, sharers[j]!)) yield [sharers[i]!, sharers[j]!];
    }
  }

  #claim(item: WorkItem, position: number): number {
    const self = this.#entity(`item:${itemKey(item)}`, 1);
    this.#known[self] = position;
    for (const name of item.names) {
      const spelled = canonical(name);
      const entity = this.#numbers.get(spelled);
      if (entity === undefined) this.#numbers.set(spelled, self);
      else if (entity !== self && this.#known[entity] !== -2) this.#ambiguous(spelled);
    }
    return self;
  }

  /** A name that two items claim is neither's: it becomes an entity of its own. */
  #ambiguous(name: string): void {
    this.#numbers.set(name, this.#weights.length);
    this.#weights.push(0.5);
    this.#known.push(-2);
  }

  *#read(item: WorkItem, position: number): Generator<Mention> {
    for (const { to, explicit } of item.references) {
      const name = canonical(to);
      const known = this.#numbers.get(name);
      if (known !== undefined) yield { entity: known, explicit };
      // A key that belongs to no known item is no reference (UTF-8, SHA-256).
      else if (!name.startsWith('key:')) yield { entity: this.#entity(name, weightOf(name)), explicit };
    }
    if (item.kind === 'document') yield this.#soft(`name:${item.title.toLowerCase()}`);
    const title = this.titles[position]!;
    if (title.length >= 2) yield this.#soft(`title:${title.join(' ')}`);
  }

  #soft(name: string): Mention {
    return { entity: this.#numbers.get(name) ?? this.#entity(name, weightOf(name)), explicit: false };
  }

  #entity(name: string, weight: number): number {
    const entity = this.#weights.length;
    this.#numbers.set(name, entity);
    this.#weights.push(weight);
    this.#known.push(-1);
    return entity;
  }

  /** 1 for what up to four items name, then falling with the logarithm of their number. */
  #rarity(entity: number): number {
    const sharers = this.#sharers[entity]?.length ?? 1;
    return sharers > MOST_SHARERS ? 0 : Math.min(1, 2 / Math.log2(sharers));
  }
}

/** One spelling where a name and an address mean the same item, whichever of them a connector knew. */
function canonical(name: string): string {
  const github = /^url:https:\/\/github\.com\/([^/]+\/[^/]+)\/(?:pull|issues)\/(\d+)$/i.exec(name);
  if (github !== null) return `repo:${github[1]!.toLowerCase()}#${github[2]}`;
  const kind = name.slice(0, name.indexOf(':'));
  if (kind === 'repo' || kind === 'name') return name.toLowerCase();
  return kind === 'key' ? `key:${name.slice(4).toUpperCase()}` : name;
}

function weightOf(name: string): number {
  if (/^name:[^\s]+@[^\s]+$/.test(name)) return WEIGHTS['person']!;
  const kind = name.slice(0, name.indexOf(':'));
  // A word with a dot may be any file; a bare name without one is a person.
  if (kind === 'name' && !name.includes('.')) return WEIGHTS['person']!;
  return WEIGHTS[kind] ?? 1;
}
