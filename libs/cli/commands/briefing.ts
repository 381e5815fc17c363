import type { Command } from 'commander';
import { type Registry, runs, teach } from '../command.ts';
import { usage } from '../errors.ts';

const FORMATS = ['text', 'md', 'json'] as const;
type Format = (typeof FORMATS)[number];
const SYSTEMS = ['gmail', 'gcal', 'jira', 'github', 'gdrive'];

interface BriefingOptions {
  readonly format: string;
  readonly minScore?: string;
  readonly source?: string[];
  readonly blocking?: boolean;
  readonly latest?: boolean;
}

export function registerBriefing(program: Command, registry: Registry): void {
  const command = program
    .command('briefing')
    .summary('what a person has to do today, ranked and planned')
    .description(
      'Makes a briefing: tasks out of all connected systems with their scores, a plan for the day round its meetings, and ' +
        'how each system stands. With --latest it shows the newest one that was made.',
    )
    .option('--format <format>', `${FORMATS.join(', ')}`, 'text')
    .option('--min-score <n>', 'only tasks with at least this score, 0 to 100')
    .option('--source <system...>', `only tasks from these systems: ${SYSTEMS.join(', ')}`)
    .option('--blocking', 'only tasks for which others wait')
    .option('--latest', 'show the newest one, make none');
  teach(command, {
    examples: [
      'oce briefing --as alice@acme.test',
      'oce briefing --as alice@acme.test --min-score 20 --format md',
      'oce briefing --as alice@acme.test --latest --json | jq ".tasks[0]"',
    ],
  });
  runs<BriefingOptions>(command, registry, async (context, options) => {
    const format = formatOf(context.asJson ? 'json' : options.format);
    const api = await context.api();
    const { id } = options.latest
      ? await api.get<{ id: string }>('/api/v1/briefings/latest')
      : await api.post<{ id: string }>('/api/v1/briefings', requestOf(options));
    const path = `/api/v1/briefings/${encodeURIComponent(id)}`;
    if (format === 'json') context.terminal.json(await api.get(path));
    else context.terminal.out((await (await api.stream(path, { format })).text()).trimEnd());
  });
}

function formatOf(given: string): Format {
  const format = FORMATS.find((known) => known === given);
  if (!format) throw usage(`--format must be one of ${FORMATS.join(', ')}; "${given}" was given`);
  return format;
}

/** The body of `POST /briefings`. Throws a usage error for a score that is none. */
function requestOf({ minScore, source, blocking }: BriefingOptions): Record<string, unknown> {
  if (minScore !== undefined && !/^(100|\d{1,2})$/.test(minScore))
    throw usage(`--min-score must be a whole number from 0 to 100; "${minScore}" was given`);
  return {
    ...(minScore === undefined ? {} : { minScore: Number(minScore) }),
    ...(source ? { sources: source } : {}),
    ...(blocking ? { blocking: true } : {}),
  };
}
