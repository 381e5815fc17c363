/** Reading JSON of which a vendor has promised a shape: whatever is in a place, what comes out has the type that was asked for. */

export type Json = Readonly<Record<string, unknown>>;

/** The object in a place; an empty one for anything else. */
export function objectIn(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

/** The objects of a list; none for anything else. */
export function objectsIn(value: unknown): Json[] {
  if (!Array.isArray(value)) return [];
  return value.filter((one): one is Json => typeof one === 'object' && one !== null && !Array.isArray(one));
}

export function textIn(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

export function numberIn(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}

/** Milliseconds since 1970 of a date-time text; null where it is none. */
export function instantIn(value: unknown): number | null {
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? null : at;
}

/** An e-mail address in lower case; null for anything else. */
export function addressIn(value: unknown): string | null {
  const text = textIn(value).trim().toLowerCase();
  return /^[^\s@]+@[^\s@]+$/.test(text) ? text : null;
}
