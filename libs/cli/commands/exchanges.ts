import { type Command, Option } from 'commander';
import { type Registry, runs, teach } from '../command.ts';
import { usage } from '../errors.ts';
import {
  EXCHANGE_HEAD,
  exchangeLines,
  exchangeRow,
  type ListedExchange,
  type ShownExchange,
} from '../format/exchange.ts';
import { table } from '../format/table.ts';

const OUTCOMES = ['in_progress', 'resolved', 'escalated', 'denied', 'expired'];

export function registerExchanges(program: Command, registry: Registry): void {
  const group = program
    .command('exchanges')
    .summary('what assistants have said to each other')
    .description('Lists and shows exchanges between the assistants of two people: those of the person who asks.');
  registerList(group, registry);
  registerShow(group, registry);
}

function registerList(group: Command, registry: Registry): void {
  const command = group
    .command('list', { isDefault: true })
    .summary('your exchanges, newest first')
    .description('Lists your exchanges, newest first; with an agent token those of the people it acts for.')
    .addOption(new Option('--outcome <outcome>', 'with this outcome only').choices(OUTCOMES))
    .option('--limit <n>', 'at most so many, 1 to 100', '20');
  teach(command, {
    examples: ['oce exchanges --as bob@acme.test', 'oce exchanges list --outcome escalated --as bob@acme.test'],
  });
  runs<{ outcome?: string; limit: string }>(command, registry, async (context, { outcome, limit }) => {
    if (!/^([1-9]\d?|100)$/.test(limit))
      throw usage(`--limit must be a whole number from 1 to 100; "${limit}" was given`);
    const api = await context.api();
    const { items } = await api.get<{ items: ListedExchange[] }>('/api/v1/exchanges', {
      outcome,
      limit: Number(limit),
    });
    const { terminal } = context;
    if (context.asJson) terminal.json({ items });
    else if (items.length === 0) terminal.err('There is no such exchange of yours.');
    else for (const line of table(EXCHANGE_HEAD, items.map(exchangeRow), terminal.width)) terminal.out(line);
  });
}

function registerShow(group: Command, registry: Registry): void {
  const command = group
    .command('show')
    .argument('<id>', 'from "oce exchanges"')
    .summary('what was said, shared and withheld in one')
    .description('Shows one of your exchanges: what was said, what was withheld and why, and how it stands.');
  teach(command, { examples: ['oce exchanges show 01KAX3M4N5P6Q7R8S9T0V1W2X3 --as bob@acme.test'] });
  runs(command, registry, async (context, _options, [id]) => {
    const api = await context.api();
    const answer = await api.get<ShownExchange>(`/api/v1/exchanges/${encodeURIComponent(id!)}`);
    if (context.asJson) context.terminal.json(answer);
    else for (const line of exchangeLines(answer)) context.terminal.out(line);
  });
}
