import { Days, startWorld, type World, WORLD_SYSTEMS, type WorldPerson, type WorldSystem } from '#libs/emulators/demo';
import type { Api } from '../api.ts';

/** Five emulated systems with the work of many people, for scenarios that read them. */
export async function worldOf(people: readonly WorldPerson[]): Promise<World> {
  return startWorld(people);
}

/** What the gateway has to be told to reach them. */
export function hostsOf(world: World): string {
  return WORLD_SYSTEMS.map((system) => new URL(world[system].url).host).join(',');
}

const DOCUMENT = 'application/vnd.google-apps.document';
const TOPICS = ['retries', 'quota', 'sign-in', 'export', 'search', 'billing', 'invoices', 'mobile', 'backup', 'import'];

/** About forty things a person: a third of them told by two or three systems, as work is. */
export function fillWorld(world: World, now: number): void {
  const { gcal, gdrive, github, gmail, jira, past, people } = world;
  people.forEach(({ email, timeZone }, n) => {
    const days = new Days(now, timeZone);
    const colleague = people[(n + 1) % people.length]!.email;
    const repository = `load/service-${n % 50}`;
    if (!github.state.repository(repository)) github.addRepository(repository, { private: true });
    for (let i = 0; i < 8; i++) {
      const topic = `${TOPICS[(n + i) % TOPICS.length]} of service ${n % 50}, part ${i}`;
      const issue = past(days.at(-6, '10:00'), () =>
        jira.addIssue(`L${n % 20}X`, {
          summary: `Mend the ${topic}`,
          assignee: email,
          reporter: colleague,
          due: days.date(i - 1),
        }),
      );
      const isShared = i % 2 === 0;
      const title = isShared ? `${issue.key} ${topic}` : `Refactor ${topic} once more`;
      past(days.at(-2, '11:00'), () =>
        github.openPull(repository, {
          title,
          author: world.login(colleague),
          branch: isShared ? `${issue.key.toLowerCase()}-work` : `refactor-${n}-${i}`,
          requested: [world.login(email)],
        }),
      );
      gmail.deliver({
        from: colleague,
        to: email,
        subject: i % 4 === 0 ? `Question on ${issue.key}` : `Notes about ${topic}`,
        date: days.at(-1, `1${i}:05`),
        text: `Hello,\n\ncould you look at this until ${days.date(2)}?\n\nThanks`,
      });
      gcal.addEvent(colleague, {
        summary: `Meeting ${i} about ${topic}`,
        start: days.event(i >> 1, `${10 + (i % 2) * 4}:00`),
        end: days.event(i >> 1, `${10 + (i % 2) * 4}:45`),
        attendees: [{ email, responseStatus: 'accepted' }],
      });
      if (i < 6) {
        const id = past(days.at(-3, '09:00'), () =>
          gdrive.addFile(colleague, { name: `Design ${n}-${i}: ${topic}`, mimeType: DOCUMENT, content: topic }),
        );
        gdrive.share(colleague, id, email, 'commenter');
      }
    }
  });
}

/** Connects everybody to all five, or those that are named, as an administrator does. */
export async function connectAll(
  api: Api,
  world: World,
  ids: ReadonlyMap<string, string>,
  signal: AbortSignal,
  systems: readonly WorldSystem[] = WORLD_SYSTEMS,
): Promise<void> {
  const wanted = world.people.flatMap(({ email }) => systems.map((type) => ({ email, type })));
  let next = 0;
  const hand = async () => {
    for (let at = next++; at < wanted.length; at = next++) {
      signal.throwIfAborted();
      const { email, type } = wanted[at]!;
      await api.call('POST', '/api/v1/connectors', {
        type,
        userId: ids.get(email)!,
        baseUrl: world[type].url,
        credentials: { kind: 'token', token: world.tokens.get(email)! },
      });
    }
  };
  await Promise.all(Array.from({ length: 8 }, hand));
}
