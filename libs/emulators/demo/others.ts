import type { Days, World, WorldPerson } from './world.ts';

/** Enough for somebody else's briefing not to be empty: a mail, a meeting, an issue and a change to look at. */
export function somebodyAtWork(world: World, person: WorldPerson, colleague: WorldPerson, days: Days): void {
  const { github, gmail, jira, past } = world;
  const repository = `${person.email.split('@')[1]!.split('.')[0]}/handbook`;
  if (!github.state.repository(repository)) github.addRepository(repository, { private: true });
  const issue = past(days.at(-3, '10:00'), () =>
    jira.addIssue(repository.startsWith('acme') ? 'OPS' : 'GLX', {
      summary: `Review the access list of ${firstName(person)}'s systems`,
      assignee: person.email,
      reporter: colleague.email,
      due: days.date(3),
    }),
  );
  past(days.at(-1, '15:30'), () =>
    github.openPull(repository, {
      title: `${issue.key} List who may sign in where`,
      author: world.login(colleague.email),
      branch: `${issue.key.toLowerCase()}-access-list`,
      requested: [world.login(person.email)],
    }),
  );
  gmail.deliver({
    from: `${colleague.name} <${colleague.email}>`,
    to: person.email,
    subject: `Questions about ${issue.key}`,
    date: days.at(-1, '16:10'),
    text: `Hello,\n\nI have two questions about ${issue.key}. Do you have a quarter of an hour?\n\n${colleague.name}`,
  });
}

/** Two people's weekly meeting, at an hour of the colleague's day. */
export function weekly({ gcal }: World, person: WorldPerson, colleague: WorldPerson, days: Days, hour: number): void {
  gcal.addEvent(colleague.email, {
    summary: `${firstName(colleague)} / ${firstName(person)}, weekly`,
    start: days.event(0, `${hour}:00`),
    end: days.event(0, `${hour}:30`),
    attendees: [{ email: person.email, responseStatus: 'accepted' }],
  });
}

function firstName({ name }: WorldPerson): string {
  return name.split(' ')[0]!;
}
