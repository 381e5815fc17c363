import { expect, test } from '@jest/globals';
import { DEMO_PEOPLE } from '../../src/demo/demo-directory.ts';
import { seedWorld, startWorld } from '#libs/emulators/demo';

interface Listed {
  readonly items: readonly {
    readonly summary: string;
    readonly start: { readonly dateTime?: string };
    readonly end: { readonly dateTime?: string };
  }[];
}

test('nobody among the demo people is in two meetings at once', async () => {
  const world = await startWorld(DEMO_PEOPLE.map(({ email, name, timeZone }) => ({ email, name, timeZone })));
  try {
    seedWorld(world, Date.now());
    for (const { email } of world.people) {
      const response = await fetch(
        `${world.gcal.url}/calendar/v3/calendars/primary/events?singleEvents=true&maxResults=250`,
        {
          headers: { authorization: `Bearer ${world.tokens.get(email)}` },
        },
      );
      const meetings = ((await response.json()) as Listed).items
        .flatMap(({ summary, start, end }) =>
          start.dateTime ? [{ summary, from: Date.parse(start.dateTime), to: Date.parse(end.dateTime!) }] : [],
        )
        .sort((a, b) => a.from - b.from);
      expect(meetings.length).toBeGreaterThan(0);
      const clashing = meetings.filter((one, at) => at > 0 && meetings[at - 1]!.to > one.from);
      expect([email, clashing.map(({ summary }) => summary)]).toEqual([email, []]);
    }
  } finally {
    await world.close();
  }
});
