import { invalid } from './refusal.ts';

type Selection = Map<string, Selection | null>;

/**
 * The part of an answer that `fields` asks for: `files(id,owners/emailAddress),nextPageToken`.
 * Source: "Return specific fields" of the Drive API.
 */
export function partial(body: unknown, fields: string): unknown {
  const reader = { text: fields, at: 0 };
  const selection = selectionIn(reader);
  if (reader.at < fields.length || selection.size === 0) throw invalid(`Invalid field selection ${fields}`, 'fields');
  return select(body, selection);
}

function selectionIn(reader: { text: string; at: number }): Selection {
  const found: Selection = new Map();
  for (;;) {
    const name = /^\s*([\w*]+)/.exec(reader.text.slice(reader.at));
    if (name?.[1] === undefined) throw invalid(`Invalid field selection ${reader.text}`, 'fields');
    reader.at += name[0].length;
    found.set(name[1], innerIn(reader));
    if (reader.text[reader.at] !== ',') return found;
    reader.at += 1;
  }
}

function innerIn(reader: { text: string; at: number }): Selection | null {
  const next = reader.text[reader.at];
  if (next === '(') {
    reader.at += 1;
    const inner = selectionIn(reader);
    if (reader.text[reader.at] !== ')') throw invalid(`Invalid field selection ${reader.text}`, 'fields');
    reader.at += 1;
    return inner;
  }
  if (next !== '/') return null;
  const name = /^\/([\w*]+)/.exec(reader.text.slice(reader.at));
  if (name?.[1] === undefined) throw invalid(`Invalid field selection ${reader.text}`, 'fields');
  reader.at += name[0].length;
  return new Map([[name[1], innerIn(reader)]]);
}

function select(value: unknown, selection: Selection): unknown {
  if (Array.isArray(value)) return value.map((one) => select(one, selection));
  if (typeof value !== 'object' || value === null || selection.has('*')) return value;
  const chosen: Record<string, unknown> = {};
  for (const [name, inner] of selection) {
    const part = (value as Record<string, unknown>)[name];
    if (part !== undefined) chosen[name] = inner === null ? part : select(part, inner);
  }
  return chosen;
}
