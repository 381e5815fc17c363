import { type Document, isMap, isScalar, type LineCounter, type Node } from 'yaml';

/** A YAML document of a file, and the lines it stands on. */
export interface YamlDocument {
  readonly tree: Document;
  readonly lines: LineCounter;
}

type Path = readonly PropertyKey[];

/** The line of a field, or of the nearest thing above it that stands in the text. */
export function lineOfPath({ tree, lines }: YamlDocument, path: Path): number | undefined {
  for (let length = path.length; length > 0; length--) {
    const start = keyOrItem(tree, path.slice(0, length))?.range?.[0];
    if (start !== undefined) return lines.linePos(start).line;
  }
  const start = tree.contents?.range?.[0];
  return start === undefined ? undefined : lines.linePos(start).line;
}

function keyOrItem(tree: Document, path: Path): Node | undefined {
  const parent = path.length === 1 ? tree.contents : tree.getIn(path.slice(0, -1), true);
  if (!isMap(parent)) return tree.getIn(path, true) as Node | undefined;
  const key = parent.items.find((pair) => isScalar(pair.key) && pair.key.value === path.at(-1))?.key;
  return key as Node | undefined;
}

/**
 * The path that a dotted field means. Names of actions may have dots themselves, so each step takes the longest key
 * that is there.
 */
export function pathOfField({ tree }: YamlDocument, base: Path, field: string): Path {
  const words = field.split('.');
  const path = [...base];
  while (words.length > 0) {
    const at = path.length === 0 ? tree.contents : tree.getIn(path, true);
    let taken = 1;
    for (let length = words.length; length > 1; length--) {
      if (isMap(at) && at.has(words.slice(0, length).join('.'))) {
        taken = length;
        break;
      }
    }
    const word = words.splice(0, taken).join('.');
    path.push(/^\d+$/.test(word) && !isMap(at) ? Number(word) : word);
  }
  return path;
}

/** The line of the file on which the text of a scalar begins: after `|` or `>`, the one below. */
export function firstLineOfText({ tree, lines }: YamlDocument, path: Path): number {
  const node = tree.getIn(path, true);
  if (!isScalar(node) || !node.range) return lineOfPath({ tree, lines }, path) ?? 1;
  const { line } = lines.linePos(node.range[0]);
  return node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED' ? line + 1 : line;
}
