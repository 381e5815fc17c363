import type { ConnectorStatus, ConnectorType } from '#connectors';
import { DateTime } from 'luxon';
import type { BriefedTask, Briefing } from '../briefing.ts';

/** What text and Markdown renderings say alike. All pure, all times in the person's zone. */

export const SYSTEM_NAMES: Readonly<Record<ConnectorType, string>> = {
  gmail: 'Gmail',
  gcal: 'Google Calendar',
  jira: 'Jira',
  github: 'GitHub',
  gdrive: 'Google Drive',
};

export function dayName(briefing: Briefing): string {
  const day = DateTime.fromISO(briefing.plannedDay, { zone: briefing.timeZone, locale: 'en' });
  return day.toFormat('cccc, d LLLL yyyy');
}

/** True where the day that is planned is not the one on which the briefing was made. */
export function isForLater(briefing: Briefing): boolean {
  return local(briefing.generatedAt, briefing.timeZone).toISODate() !== briefing.plannedDay;
}

export function clock(instant: string, zone: string): string {
  return local(instant, zone).toFormat('HH:mm');
}

export function dayAndClock(instant: string, zone: string): string {
  return local(instant, zone).setLocale('en').toFormat('ccc d LLL HH:mm');
}

/** `score 55 = deadline 30 + blocking 10 + follow-ups 7 + …`, without parts that are 0. */
export function scoreInWords({ score, scoreParts }: BriefedTask): string {
  const parts = [
    ['deadline', scoreParts.deadline],
    ['blocking', scoreParts.blocking],
    ['follow-ups', scoreParts.followUps],
    ['seniority', scoreParts.seniority],
    ['SLA', scoreParts.sla],
  ] as const;
  const said = parts.filter(([, points]) => points > 0).map(([name, points]) => `${name} ${points}`);
  return said.length > 0 ? `${score} = ${said.join(' + ')}` : `${score}`;
}

/**
 * A line where the briefing comes late, and for each system that did not tell everything: what, why and how old what is known is.
 */
export function warnings(briefing: Briefing): string[] {
  const { window, timeZone, connectorStatus } = briefing;
  const late = window?.late
    ? [`This briefing comes late: it was due by ${dayAndClock(window.end, timeZone)} and was not ready in time.`]
    : [];
  return [
    ...late,
    ...connectorStatus
      .filter(({ state, denied }) => state !== 'ok' && !denied)
      .map((status) => warning(status, briefing)),
  ];
}

/** What policy keeps out: nothing to see to, said once for all systems with the same reason. */
export function keptOut({ connectorStatus }: Briefing): string[] {
  const systems = new Map<string, string[]>();
  for (const { connector, denied, reason = 'no reason is given' } of connectorStatus)
    if (denied) systems.set(reason, [...(systems.get(reason) ?? []), SYSTEM_NAMES[connector]]);
  return [...systems].map(([reason, names]) => {
    const last = names.pop()!;
    const all = names.length > 0 ? `${names.join(', ')} and ${last} are` : `${last} is`;
    return `${all} kept out by policy: ${reason}.`;
  });
}

function warning({ connector, state, reason, lastSync }: ConnectorStatus, { timeZone }: Briefing): string {
  const what = state === 'unreachable' ? 'could not be read' : 'was read in part';
  const age =
    lastSync === null ? 'It has never been read to its end' : `Last good look ${dayAndClock(lastSync, timeZone)}`;
  return `${SYSTEM_NAMES[connector]} ${what}${reason ? `: ${reason}` : ''}. ${age}.`;
}

/** What became of messages, and, on a line of its own, what was not sent for want of a decision. */
export function answers({ autoResponses }: Briefing): string[] {
  // Briefings of earlier versions do not know of `expired`.
  const {
    sent,
    drafted,
    surfaced,
    expired = 0,
  } = autoResponses as Partial<Briefing['autoResponses']> & Briefing['autoResponses'];
  const parts = [
    ...(sent > 0 ? [`${counted(sent, 'reply', 'replies')} sent`] : []),
    ...(drafted > 0 ? [`${counted(drafted, 'draft')} waiting for you`] : []),
    ...(surfaced > 0 ? [`${counted(surfaced, 'message')} for you to see`] : []),
  ];
  return [
    ...(parts.length > 0 ? [`Messages: ${parts.join(' · ')}`] : []),
    ...(expired > 0 ? [`${counted(expired, 'draft')} expired without your decision and not sent`] : []),
  ];
}

/** What waits for the person's decision, and where it is seen; nothing where nothing waits. */
export function waiting({ approvals: { pending } }: Briefing): string[] {
  if (pending === 0) return [];
  const what = pending === 1 ? '1 approval waits for you' : `${pending} approvals wait for you`;
  return [`${what}. See what with: oce approvals`];
}

export function counted(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}

function local(instant: string, zone: string): DateTime {
  return DateTime.fromISO(instant, { zone });
}
