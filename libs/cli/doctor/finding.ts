/** What one check found. A note is no fault, but worth knowing. */
export interface Finding {
  readonly name: string;
  readonly state: 'ok' | 'note' | 'fail';
  readonly detail: string;
  /** How to mend it. */
  readonly remedy?: string;
}

export function ok(name: string, detail: string): Finding {
  return { name, state: 'ok', detail };
}

export function note(name: string, detail: string, remedy?: string): Finding {
  return { name, state: 'note', detail, ...(remedy && { remedy }) };
}

export function fail(name: string, detail: string, remedy: string): Finding {
  return { name, state: 'fail', detail, remedy };
}
