import { Problem } from './problem.ts';

const DEPTH_LIMIT = 32;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

/**
 * Reads a JSON body strictly: valid UTF-8, at most 32 levels deep, no NUL and no half of a surrogate pair (PostgreSQL
 * can store neither), no `__proto__` or `constructor` keys that could reach a prototype.
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
  checkValue(value, '', 0);
  return value;
}

/** True where a text can be stored and sent on as it is. */
export function isCleanText(text: string): boolean {
  return !text.includes('\u0000') && text.isWellFormed();
}

function checkValue(value: unknown, path: string, depth: number): void {
  if (typeof value === 'string') {
    if (!isCleanText(value))
      throw refused(path, 'has a NUL character or half of a surrogate pair, which are not accepted');
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  if (depth >= DEPTH_LIMIT) throw refused(path, `is nested more than ${DEPTH_LIMIT} levels deep`);
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) checkValue(value[i], `${path}.${i}`, depth + 1);
    return;
  }
  for (const key of Object.keys(value)) {
    if (key === '__proto__' || key === 'constructor' || key === 'prototype')
      throw refused(`${path}.${key}`, 'is not an accepted name');
    if (!isCleanText(key)) throw refused(path, 'has a name with a NUL character or half of a surrogate pair');
    checkValue((value as Record<string, unknown>)[key], `${path}.${key}`, depth + 1);
  }
}

function refused(path: string, message: string): Problem {
  const field = path.replace(/^\./, '').slice(0, 200) || '(body)';
  return new Problem('validation_failed', `${field} ${message}.`, { errors: [{ path: field, message }] });
}
