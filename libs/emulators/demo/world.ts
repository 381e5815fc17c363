import { randomBytes } from 'node:crypto';
import { DateTime } from 'luxon';
import type { Emulator } from '../emulator.ts';
import { type GcalEmulator, startGcalEmulator } from '../gcal/index.ts';
import { type GdriveEmulator, startGdriveEmulator } from '../gdrive/index.ts';
import { type GithubEmulator, startGithubEmulator } from '../github/index.ts';
import { type GmailEmulator, startGmailEmulator } from '../gmail/index.ts';
import { type JiraEmulator, startJiraEmulator } from '../jira/index.ts';

export interface WorldPerson {
  readonly email: string;
  readonly name: string;
  /** IANA. */
  readonly timeZone: string;
}

export const WORLD_SYSTEMS = ['gmail', 'gcal', 'gdrive', 'jira', 'github'] as const;
export type WorldSystem = (typeof WORLD_SYSTEMS)[number];

/** Five emulated systems with the same people in each. */
export interface World {
  readonly gmail: GmailEmulator;
  readonly gcal: GcalEmulator;
  readonly gdrive: GdriveEmulator;
  readonly jira: JiraEmulator;
  readonly github: GithubEmulator;
  readonly people: readonly WorldPerson[];
  /** By e-mail address: the access token of a person, the same in all five. */
  readonly tokens: ReadonlyMap<string, string>;
  /** GitHub login and first part of the address. */
  login(email: string): string;
  /** What happens inside happened then; afterwards time goes on as it does. */
  past<T>(at: number, happens: () => T): T;
  close(): Promise<void>;
}

/** Starts the systems on free ports with an account for everybody and nothing in them. */
export async function startWorld(people: readonly WorldPerson[]): Promise<World> {
  let then: number | undefined;
  const now = () => then ?? Date.now();
  const [gmail, gcal, gdrive, jira, github] = await Promise.all([
    startGmailEmulator({ now }),
    startGcalEmulator({ now }),
    startGdriveEmulator({ now }),
    startJiraEmulator({ now }),
    startGithubEmulator({ now }),
  ]);
  const emulators: readonly Emulator[] = [gmail, gcal, gdrive, jira, github];
  const login = (email: string) => email.split('@')[0]!.replace(/[^a-z\d-]/gi, '-');
  const tokens = new Map<string, string>();
  for (const { email, name, timeZone } of people) {
    const token = `demo-${randomBytes(18).toString('base64url')}`;
    tokens.set(email, token);
    gmail.addAccount(email, name);
    gcal.addCalendar(email, timeZone, name);
    gdrive.addPerson(email, name);
    jira.addUser(email, { displayName: name, timeZone, emailVisible: true });
    github.addUser(email, { login: login(email), name, publicEmail: email });
    for (const emulator of emulators) emulator.addToken(token, email);
  }
  return {
    gmail,
    gcal,
    gdrive,
    jira,
    github,
    people,
    tokens,
    login,
    past: (at, happens) => {
      then = at;
      try {
        return happens();
      } finally {
        then = undefined;
      }
    },
    close: async () => {
      await Promise.all(emulators.map((emulator) => emulator.close()));
    },
  };
}

/** Moments around today as somebody at this place counts them. */
export class Days {
  private readonly today: DateTime;

  constructor(
    now: number,
    readonly zone: string,
  ) {
    this.today = DateTime.fromMillis(now, { zone }).startOf('day');
  }

  /** The n-th working day from today on (0: today, or Monday at the weekend; negative: before), such as `2026-11-25`. */
  date(n: number): string {
    return this.day(n).toISODate()!;
  }

  /** Milliseconds since 1970 of a time such as `09:30` on that day. */
  at(n: number, time: string): number {
    const [hour, minute] = time.split(':').map(Number);
    return this.day(n).set({ hour, minute }).toMillis();
  }

  /** The same as an event of a calendar has it. */
  event(n: number, time: string): { dateTime: string; timeZone: string } {
    return { dateTime: DateTime.fromMillis(this.at(n, time), { zone: this.zone }).toISO()!, timeZone: this.zone };
  }

  private day(n: number): DateTime {
    let day = this.today;
    while (day.weekday > 5) day = day.plus({ days: 1 });
    for (let left = Math.abs(n); left > 0;) {
      day = day.plus({ days: Math.sign(n) });
      if (day.weekday <= 5) left -= 1;
    }
    return day;
  }
}
