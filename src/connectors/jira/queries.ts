import { DateTime } from 'luxon';
import type { JiraConfig, JiraPerson } from './person.ts';

/** A text inside the quotes of JQL. */
export function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`;
}

/** What concerns a person. Mentions are found by the account id in the text, as a phrase. */
export function concerning(person: JiraPerson, config: JiraConfig): string {
  const me = meIn(person);
  return `${projectsIn(config)}(assignee = ${me} OR watcher = ${me} OR text ~ ${quoted(`"${person.accountId}"`)})`;
}

/** The same with what did: an issue that was taken from the person has changed too. */
export function concerningOnce(person: JiraPerson, config: JiraConfig): string {
  const me = meIn(person);
  return `${projectsIn(config)}(assignee = ${me} OR assignee WAS ${me} OR watcher = ${me} OR text ~ ${quoted(`"${person.accountId}"`)})`;
}

function meIn({ own, accountId }: JiraPerson): string {
  return own ? 'currentUser()' : quoted(accountId);
}

function projectsIn({ projects }: JiraConfig): string {
  return projects === undefined || projects.length === 0 ? '' : `project in (${projects.map(quoted).join(', ')}) AND `;
}

/**
 * A time as JQL takes it, to the minute and in the zone of whoever signs in. In the hour that an autumn night has twice it is
 * the earlier one.
 * @param at milliseconds since 1970
 */
export function jqlTime(at: number, zone: string): string {
  const format = 'yyyy-MM-dd HH:mm';
  const local = DateTime.fromMillis(at, { zone });
  if (!local.isValid) return DateTime.fromMillis(at - 14 * 3_600_000, { zone: 'UTC' }).toFormat(format);
  const text = local.toFormat(format);
  const early = local.minus({ hours: 1 });
  return early.toFormat(format) === text ? early.minus({ hours: 1 }).toFormat(format) : text;
}
