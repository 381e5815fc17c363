import type { Settings } from '#libs/config';
import { shortestGapMinutes } from '#libs/cron';

/** The schedule of people who have written none. */
export interface UsualSchedule {
  readonly cron: string;
  /** Minutes. */
  readonly window: number;
}

/** Source: DOMAIN rules, section 4, "Briefing". */
const WINDOW_MINUTES = 30;

/** Null where the settings turn it off. A window is no longer than the expression leaves room for. */
export function usualSchedule({ BRIEFING_CRON: cron }: Pick<Settings, 'BRIEFING_CRON'>): UsualSchedule | null {
  if (cron === 'off') return null;
  return { cron, window: Math.min(WINDOW_MINUTES, shortestGapMinutes(cron)) };
}

/** What is shown to people where the settings turn the usual schedule off: something they may turn on. */
export const SUGGESTED: UsualSchedule = { cron: '0 8 * * 1-5', window: WINDOW_MINUTES };
