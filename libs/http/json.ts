import { Problem } from './problem.ts';

const DEPTH_LIMIT = 32;
const REFUSED_NAMES = new Set(['__proto__', 'constructor', 'prototype', 'toString', 'valueOf']);
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

/**
 * Reads a JSON body strictly: valid UTF-8, at most 32 levels deep, no name twice in an object, no NUL and no half of a
 * surrogate pair (PostgreSQL can store neither), no number beyond what a double holds, and none of the names that reach a
 * prototype or take away an object's conversion to text. Source: RFC 7493 (I-JSON).
 * @throws Problem `validation_failed`
 */
export function parseJson(body: Uint8Array): unknown {
  let text: string;
  try {
    text = utf8.decode(body);
  } catch {
    throw new Problem('validation_failed', 'The body is not valid UTF-8.');
  }
  if (text.trim() === '') throw new Problem('validation_failed', 'The body is empty; a JSON value is expected.');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Problem('validation_failed', `The body is not valid JSON: ${(error as Error).message.slice(0, 200)}`);
  }
  const members = checkValue(value, '', 0);
  // JSON.parse keeps the last of two members with one name: then the text has more members than the value. Most clients
  // send what JSON.stringify makes, which has no name twice, and comparing with that is quicker than counting.
  if (JSON.stringify(value) !== text && members !== countMembers(body)) throw twice(text);
  return value;
}

/** True where a text can be stored and sent on as it is. */
export function isCleanText(text: string): boolean {
  return !text.includes('\u0000') && text.isWellFormed();
}

/** @returns how many members the objects in it have together */
function checkValue(value: unknown, path: string, depth: number): number {
  if (typeof value === 'string') {
    if (!isCleanText(value))
      throw refused(path, 'has a NUL character or half of a surrogate pair, which are not accepted');
    return 0;
  }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw refused(path, 'is a number too large to be held');
    return 0;
  }
  if (typeof value !== 'object' || value === null) return 0;
  if (depth >= DEPTH_LIMIT) throw refused(path, `is nested more than ${DEPTH_LIMIT} levels deep`);
  let members = 0;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) members += checkValue(value[i], `${path}.${i}`, depth + 1);
    return members;
  }
  for (const key of Object.keys(value)) {
    if (REFUSED_NAMES.has(key)) throw refused(`${path}.${key}`, 'is not an accepted name');
    if (!isCleanText(key)) throw refused(path, 'has a name with a NUL character or half of a surrogate pair');
    members += 1 + checkValue((value as Record<string, unknown>)[key], `${path}.${key}`, depth + 1);
  }
  return members;
}

const [QUOTE, BACKSLASH, COLON] = [0x22, 0x5c, 0x3a];

/** Colons outside strings, of valid JSON in UTF-8, in which no byte of a longer character looks like one of these. */
function countMembers(body: Uint8Array): number {
  let members = 0;
  for (let i = 0; i < body.length; i++) {
    const byte = body[i];
    if (byte === COLON) members++;
    else if (byte === QUOTE) {
      for (i++; body[i] !== QUOTE; i++) if (body[i] === BACKSLASH) i++;
    }
  }
  return members;
}

/** Names the first name that stands twice in an object of valid JSON. Slow, and only called where there is one. */
function twice(text: string): Problem {
  const open: { readonly names: Set<string> | undefined; at: string | number }[] = [];
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"(?:\s*:)?|[[\]{},]/g)) {
    const inner = open.at(-1);
    if (token === '{') open.push({ names: new Set(), at: '' });
    else if (token === '[') open.push({ names: undefined, at: 0 });
    else if (token === '}' || token === ']') open.pop();
    else if (token === ',') {
      if (typeof inner?.at === 'number') inner.at++;
    } else if (token.endsWith(':') && inner?.names) {
      inner.at = JSON.parse(token.slice(0, token.lastIndexOf('"') + 1)) as string;
      if (inner.names.has(inner.at)) return refused(`.${open.map(({ at }) => at).join('.')}`, 'stands twice');
      inner.names.add(inner.at);
    }
  }
  return refused('', 'has a name twice');
}

function refused(path: string, message: string): Problem {
  const field = path.replace(/^\./, '').slice(0, 200) || '(body)';
  return new Problem('validation_failed', `${field} ${message}.`, { errors: [{ path: field, message }] });
}
