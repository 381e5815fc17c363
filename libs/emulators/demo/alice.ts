import type { Days, World } from './world.ts';

const ALICE = 'alice@acme.test';
const BOB = 'bob@acme.test';
const CAROL = 'carol@acme.test';
const OLGA = 'olga@acme.test';
const TOMAS = 'tomas@acme.test';
const REPOSITORY = 'acme/gateway';
const DOCUMENT = 'application/vnd.google-apps.document';

/**
 * A believable week of Alice, who works on the platform team: the same work told by several systems, look-alikes that are
 * different work, what presses and what only makes noise.
 */
export function aliceAtWork(world: World, days: Days): void {
  world.github.addRepository(REPOSITORY, { private: true });
  retries(world, days);
  signingKeys(world, days);
  passkeys(world, days);
  board(world, days);
  lookAlikes(world, days);
  smallThings(world, days);
  doneThings(world, days);
  noise(world, days);
  meetings(world, days);
}

/** Told four times: an issue, the change for it, a thread that asks for it and the design. */
function retries(world: World, days: Days): void {
  const { gmail, gdrive, jira, github, past } = world;
  const issue = past(days.at(-6, '10:05'), () =>
    jira.addIssue('PLAT', {
      summary: 'Retry webhook deliveries with backoff',
      description: jira.body('Deliveries that fail are lost today. Retry them for a day, with backoff and jitter.'),
      assignee: ALICE,
      reporter: TOMAS,
      priority: 'High',
      status: 'In Review',
      due: days.date(1),
    }),
  );
  const pull = past(days.at(-1, '16:20'), () =>
    github.openPull(REPOSITORY, {
      title: `${issue.key} Retry webhook deliveries with backoff`,
      body: 'A delivery that fails goes back into the queue, up to 24 hours. Jitter keeps receivers from being flooded.',
      author: world.login(BOB),
      branch: `${issue.key.toLowerCase()}-retry-backoff`,
      requested: [world.login(ALICE)],
    }),
  );
  const url = `https://github.com/${REPOSITORY}/pull/${pull.number}`;
  const subject = 'Webhook retries: can we ship this week?';
  const first = 'retries-1@acme.test';
  gmail.deliver({
    from: `Tomas Novak <${TOMAS}>`,
    to: ALICE,
    subject,
    date: days.at(-2, '17:40'),
    messageId: first,
    text: `Hi Alice,\n\nthe beta customers ask about lost deliveries (${issue.key}). Can we ship the retries this week?\n\nTomas`,
  });
  gmail.deliver({
    from: `Tomas Novak <${TOMAS}>`,
    to: ALICE,
    subject: `Re: ${subject}`,
    date: days.at(-1, '17:05'),
    messageId: 'retries-2@acme.test',
    inReplyTo: first,
    references: [first],
    text: `Bob has it ready: ${url}\n\nCould you review it first thing tomorrow? He waits for you.\n\nTomas`,
  });
  past(days.at(-5, '11:00'), () => {
    const id = gdrive.addFile(TOMAS, {
      name: 'Webhook retries: design',
      mimeType: DOCUMENT,
      description: `Design for ${issue.key}`,
      content: `How deliveries are retried: backoff, jitter, dead letters. Issue: ${issue.key}.`,
    });
    gdrive.share(TOMAS, id, ALICE, 'commenter');
    gdrive.addComment(TOMAS, id, `@${ALICE} is a day long enough for ${issue.key}?`, { assignee: ALICE });
    jira.addRemoteLink(issue.key, `https://docs.google.com/document/d/${id}/edit`, 'Design');
  });
  const release = past(days.at(-6, '10:30'), () =>
    jira.addIssue('PLAT', {
      summary: 'Release gateway 2.4 to the beta customers',
      assignee: TOMAS,
      reporter: OLGA,
      due: days.date(2),
    }),
  );
  jira.link(issue.key, release.key);
}

/** Overdue, and her own change has to be changed. */
function signingKeys(world: World, days: Days): void {
  const { jira, github, past } = world;
  const issue = past(days.at(-9, '09:50'), () =>
    jira.addIssue('PLAT', {
      summary: 'Rotate the signing keys of the audit log',
      assignee: ALICE,
      reporter: OLGA,
      status: 'In Progress',
      due: days.date(-1),
    }),
  );
  const pull = past(days.at(-3, '15:10'), () =>
    github.openPull(REPOSITORY, {
      title: 'Rotate signing keys without a restart',
      body: `Closes ${issue.key}. Old keys verify for another 30 days.`,
      author: world.login(ALICE),
      branch: `feature/${issue.key}-key-rotation`,
    }),
  );
  past(days.at(-1, '11:25'), () => {
    github.state.review(pull, world.login(TOMAS), 'CHANGES_REQUESTED', 'Please keep the old key id in the header.');
    github.state.comment(pull, world.login(BOB), `@${world.login(ALICE)} my change waits for this one, by the way.`);
  });
}

/** A customer waits, and a promise is about to be broken. */
function passkeys(world: World, days: Days): void {
  const { gmail, jira, past } = world;
  const started = Math.min(Date.now(), days.at(0, '08:00')) - 3 * 3_600_000;
  const issue = past(started, () =>
    jira.addIssue('SUP', {
      summary: 'Customer Nordwind cannot sign in with passkeys',
      description: jira.body('Since the last update their browsers answer NotAllowedError.'),
      assignee: ALICE,
      reporter: CAROL,
      priority: 'Highest',
      extra: {
        customfield_10030: {
          name: 'Time to first response',
          ongoingCycle: {
            startTime: { epochMillis: started },
            breachTime: {
              epochMillis: started + 8 * 3_600_000,
              iso8601: new Date(started + 8 * 3_600_000).toISOString(),
            },
            paused: false,
            breached: false,
          },
        },
      },
    }),
  );
  gmail.deliver({
    from: `Carol Clarke <${CAROL}>`,
    to: ALICE,
    subject: 'Nordwind is locked out',
    date: started + 600_000,
    messageId: 'nordwind-1@acme.test',
    text: `Alice, Nordwind's people cannot sign in at all: https://acme.atlassian.net/browse/${issue.key}\nTheir contract promises a first answer within eight hours.\n\nCarol`,
  });
}

/** Asked for twice from high up. */
function board({ gmail }: World, days: Days): void {
  const first = 'board-1@acme.test';
  gmail.deliver({
    from: `Olga Orlova <${OLGA}>`,
    to: ALICE,
    subject: 'Numbers for the board',
    date: days.at(-4, '09:12'),
    messageId: first,
    labels: ['INBOX', 'STARRED'],
    text: `Alice, could you send me last month's evaluation and audit volumes? I need them by ${days.date(2)}.\n\nOlga`,
  });
  gmail.deliver({
    from: `Olga Orlova <${OLGA}>`,
    to: ALICE,
    subject: 'Re: Numbers for the board',
    date: days.at(-1, '18:01'),
    messageId: 'board-2@acme.test',
    inReplyTo: first,
    references: [first],
    text: 'A short table is enough. When can I have it?\n\nOlga',
  });
}

/** Alike in words, and yet different work: none of these may be merged. */
function lookAlikes(world: World, days: Days): void {
  const { gdrive, github, gmail, past } = world;
  for (const [i, bump] of ['undici from 8.12.0 to 8.13.1', 'pino from 10.3.1 to 10.4.0'].entries()) {
    past(days.at(-2, `0${6 + i}:00`), () =>
      github.openPull(REPOSITORY, {
        title: `Bump ${bump}`,
        body: 'Release notes and changelog. This update is for the encoding of UTF-8 headers.',
        author: 'renovate',
        branch: `renovate/${bump.split(' ')[0]}`,
        requested: [world.login(ALICE)],
      }),
    );
  }
  for (const week of [47, 48]) {
    past(days.at(week - 49, '15:00'), () => {
      const id = gdrive.addFile(BOB, { name: `Weekly report ${week}`, mimeType: DOCUMENT, content: `Week ${week}.` });
      gdrive.share(BOB, id, ALICE, 'commenter');
    });
  }
  gmail.deliver({
    from: `Bob Brown <${BOB}>`,
    to: ALICE,
    subject: 'Names in UTF-8 and SHA-256 in the export',
    date: days.at(-1, '10:44'),
    text: 'Do we write names in UTF-8 in the CSV export, and is the checksum SHA-256? No hurry.\n\nBob',
  });
}

function smallThings(world: World, days: Days): void {
  const { gdrive, github, gmail, jira, past } = world;
  past(days.at(-7, '13:30'), () =>
    github.openIssue(REPOSITORY, {
      title: 'Drain test fails now and then on slow machines',
      body: 'Seen three times this month.',
      author: world.login(BOB),
      assignees: [world.login(ALICE)],
    }),
  );
  past(days.at(-3, '12:15'), () => {
    const id = gdrive.addFile(CAROL, {
      name: 'Data processing agreement, draft 3',
      mimeType: DOCUMENT,
      content: 'Draft of the agreement with Nordwind.',
    });
    gdrive.share(CAROL, id, ALICE, 'commenter');
    gdrive.addComment(CAROL, id, `@${ALICE} please check the section on key management.`, { assignee: ALICE });
  });
  const watched = past(days.at(-8, '09:00'), () =>
    jira.addIssue('PLAT', {
      summary: 'Support SCIM for the directory',
      assignee: BOB,
      reporter: OLGA,
    }),
  );
  past(days.at(-2, '14:00'), () => {
    jira.watch(watched.key, ALICE);
    jira.comment(watched.key, BOB, `@{${ALICE}} do we keep the old import route?`);
  });
  gmail.deliver({
    from: `Bob Brown <${BOB}>`,
    to: ALICE,
    subject: 'Lunch on Thursday?',
    date: days.at(-1, '12:02'),
    text: 'The new place at the canal?',
  });
}

/** What is over: none of it may be asked for again. */
function doneThings(world: World, days: Days): void {
  const { github, gmail, jira, past } = world;
  const pull = past(days.at(-8, '10:00'), () =>
    github.openPull(REPOSITORY, {
      title: 'Count audit entries by writer',
      author: world.login(BOB),
      requested: [world.login(ALICE)],
    }),
  );
  past(days.at(-6, '16:00'), () => {
    github.state.review(pull, world.login(ALICE), 'APPROVED');
    github.state.close(pull, world.login(BOB), true);
  });
  const issue = past(days.at(-9, '10:00'), () =>
    jira.addIssue('PLAT', { summary: 'Partition the audit table by month', assignee: ALICE }),
  );
  past(days.at(-5, '17:00'), () => jira.updateIssue(issue.key, { status: 'Done' }));
  const first = 'answered-1@acme.test';
  const [subject, answered] = ['Who is on call next week?', days.at(-3, '10:30')];
  gmail.deliver({
    from: `Bob Brown <${BOB}>`,
    to: ALICE,
    subject,
    date: days.at(-3, '10:00'),
    messageId: first,
    labels: ['INBOX'],
    text: 'Is it you?',
  });
  gmail.deliver({
    from: `Alice Adams <${ALICE}>`,
    to: BOB,
    subject: `Re: ${subject}`,
    date: answered,
    inReplyTo: first,
    references: [first],
    text: 'Tomas is.',
  });
}

/** Mail that is no work. */
function noise({ gmail }: World, days: Days): void {
  gmail.deliver({
    from: 'Cloud Weekly <news@cloudweekly.example>',
    to: ALICE,
    subject: 'Issue 212: ten things about service meshes',
    date: days.at(0, '06:00') < Date.now() ? days.at(0, '06:00') : days.at(-1, '06:00'),
    headers: { 'List-Id': '<weekly.cloudweekly.example>', 'List-Unsubscribe': '<https://cloudweekly.example/u>' },
    text: 'Read online.',
  });
  gmail.deliver({
    from: 'Expenses <no-reply@expenses.example>',
    to: ALICE,
    subject: 'Your report was approved',
    date: days.at(-1, '20:15'),
    headers: { 'Auto-Submitted': 'auto-generated' },
    text: 'Nothing to do.',
  });
}

function meetings(world: World, days: Days): void {
  const { gcal } = world;
  const with_ = (...emails: string[]) => [ALICE, ...emails].map((email) => ({ email, responseStatus: 'accepted' }));
  const standUp = gcal.addEvent(TOMAS, {
    summary: 'Platform stand-up',
    start: days.event(-5, '09:15'),
    end: days.event(-5, '09:30'),
    recurrence: ['RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR'],
    attendees: with_(TOMAS),
  });
  // Tomorrow it is later than usual.
  const stamp = new Date(days.at(1, '09:15')).toISOString().replace(/[-:]|\.000/g, '');
  gcal.updateEvent(TOMAS, `${standUp.id}_${stamp}`, { start: days.event(1, '10:00'), end: days.event(1, '10:15') });
  gcal.addEvent(TOMAS, {
    summary: 'Alice / Tomas',
    start: days.event(0, '11:00'),
    end: days.event(0, '11:30'),
    attendees: with_(TOMAS),
  });
  gcal.addEvent(ALICE, {
    summary: 'Architecture review: tenants in several regions',
    description: 'Agenda: where keys live, what replicates, what must not. Please read the notes before.',
    start: days.event(0, '14:00'),
    end: days.event(0, '15:00'),
    attendees: with_(BOB, OLGA, TOMAS),
  });
  gcal.addEvent(OLGA, {
    summary: 'Call with the Boston office',
    start: { dateTime: new Date(days.at(0, '16:00')).toISOString(), timeZone: 'America/New_York' },
    end: { dateTime: new Date(days.at(0, '16:45')).toISOString(), timeZone: 'America/New_York' },
    attendees: with_(OLGA),
  });
  gcal.addEvent(TOMAS, {
    summary: 'Planning of sprint 31',
    description: 'Please prepare estimates for your issues.',
    start: days.event(1, '13:00'),
    end: days.event(1, '14:30'),
    attendees: with_(BOB, TOMAS),
  });
  gcal.addEvent(ALICE, {
    summary: 'Physiotherapist',
    start: days.event(1, '16:30'),
    end: days.event(1, '17:15'),
    visibility: 'private',
  });
  gcal.addEvent(CAROL, {
    summary: 'All hands in Legal',
    start: days.event(0, '10:00'),
    end: days.event(0, '12:00'),
    attendees: [{ email: ALICE, responseStatus: 'declined' }],
  });
  gcal.addEvent(ALICE, {
    summary: 'Berlin infrastructure days',
    start: { date: days.date(4) },
    end: { date: days.date(5) },
  });
  gcal.addEvent(ALICE, {
    summary: 'Release week',
    start: { date: days.date(0) },
    end: { date: days.date(1) },
    transparency: 'transparent',
  });
}
