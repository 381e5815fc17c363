import { invalid } from './refusal.ts';

type Mask = Map<string, Mask | true>;

/** A partial response, as the parameter `fields` asks for it: `a,b(c,d),e/f`. Source: "Partial responses" of Google's APIs. */
export function partial(body: unknown, fields: string | null): unknown {
  if (fields === null || fields === '*') return body;
  const reader = { text: fields, at: 0 };
  const mask = read(reader);
  if (reader.at !== fields.length) throw invalid(`Invalid field selection ${fields}`);
  return pick(body, mask);
}

function read(reader: { readonly text: string; at: number }): Mask {
  const mask: Mask = new Map();
  for (;;) {
    const [name = ''] = /^[\w*]+/.exec(reader.text.slice(reader.at)) ?? [];
    if (name === '') throw invalid(`Invalid field selection ${reader.text}`);
    reader.at += name.length;
    mask.set(name, inner(reader));
    if (reader.text[reader.at] !== ',') return mask;
    reader.at += 1;
  }
}

function inner(reader: { readonly text: string; at: number }): Mask | true {
  const next = reader.text[reader.at];
  if (next === '(') {
    reader.at += 1;
    const mask = read(reader);
    if (reader.text[reader.at] !== ')') throw invalid(`Invalid field selection ${reader.text}`);
    reader.at += 1;
    return mask;
  }
  if (next !== '/') return true;
  reader.at += 1;
  const [name = ''] = /^[\w*]+/.exec(reader.text.slice(reader.at)) ?? [];
  reader.at += name.length;
  return new Map([[name, inner(reader)]]);
}

function pick(value: unknown, mask: Mask): unknown {
  if (Array.isArray(value)) return value.map((each) => pick(each, mask));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, each]) => {
      const wanted = mask.get(name) ?? mask.get('*');
      return wanted === undefined ? [] : [[name, wanted === true ? each : pick(each, wanted)]];
    }),
  );
}
