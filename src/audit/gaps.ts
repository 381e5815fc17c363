/** Numbers between `after` and `before`, both exclusive, are missing. */
export interface Gap {
  readonly after: number;
  readonly before: number;
}

export function missingIn(gap: Gap): number {
  return gap.before - gap.after - 1;
}

/** In order, and gaps that were found in two pieces, because the reading stopped between them, as one. */
export function joinGaps(gaps: readonly Gap[]): Gap[] {
  const joined: Gap[] = [];
  for (const gap of [...gaps].sort((a, b) => a.after - b.after)) {
    const last = joined.at(-1);
    if (last && gap.after < last.before) {
      joined[joined.length - 1] = { after: last.after, before: Math.max(last.before, gap.before) };
    } else {
      joined.push(gap);
    }
  }
  return joined;
}

/**
 * Which numbers to read now. Everything new since the last time, always; and of what was read before as much as the
 * budget allows, going round and round, so that an entry that disappears later is found too.
 */
export function rangesToRead(
  mark: { readonly checked: number; readonly swept: number },
  last: number,
  budget: number,
): { readonly ranges: readonly { readonly after: number; readonly upTo: number }[]; readonly swept: number } {
  if (last <= budget) return { ranges: [{ after: 0, upTo: last }], swept: 0 };
  const checked = Math.min(mark.checked, last);
  const from = mark.swept >= checked ? 0 : mark.swept;
  const upTo = Math.min(from + budget, checked);
  const ranges = [
    { after: from, upTo },
    { after: checked, upTo: last },
  ].filter((range) => range.upTo > range.after);
  return { ranges, swept: upTo };
}
