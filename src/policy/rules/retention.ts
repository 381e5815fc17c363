import type { PlacedPolicy } from './placed.ts';

/** Days; absent where no policy says any. */
export interface RetentionDays {
  readonly active_days?: number;
  readonly archive_after_days?: number;
  readonly purge_after_archive_days?: number;
}

/** The least that any `data` policy on one path says of each period: numbers merge to their minimum. */
export function retentionOf(policies: readonly PlacedPolicy[]): RetentionDays {
  const least: Record<string, number> = {};
  for (const policy of policies) {
    if (policy.domain !== 'data') continue;
    for (const [name, days] of Object.entries((policy as PlacedPolicy<'data'>).document.retention ?? {})) {
      least[name] = Math.min(least[name] ?? Infinity, days as number);
    }
  }
  return least;
}
