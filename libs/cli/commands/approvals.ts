import { type Command, Option } from 'commander';
import { type Registry, runs, teach } from '../command.ts';
import { approvalLines, approvalTable, type ApprovalView, standing } from '../format/approval.ts';
import { printable } from '../format/printable.ts';

const STATUSES = ['pending', 'approved', 'rejected', 'expired'];

export function registerApprovals(program: Command, registry: Registry): void {
  const group = program
    .command('approvals')
    .summary('what waits for a person to decide, and deciding it')
    .description(
      'Shows what waits for your decision: drafted answers, tool calls of your assistant, commitments to others. What you ' +
        'approve is done, what you reject is not, and what nobody decides within 24 hours is not done either.',
    );
  registerList(group, registry);
  registerShow(group, registry);
  registerApprove(group, registry);
  registerReject(group, registry);
}

function registerList(group: Command, registry: Registry): void {
  const command = group
    .command('list', { isDefault: true })
    .summary('what waits, newest first (also without "list")')
    .description('Lists the newest 200 approvals that wait for you, or those in another state.')
    .addOption(new Option('--status <status>', 'in this state').choices([...STATUSES, 'all']).default('pending'));
  teach(command, {
    examples: ['oce approvals --as alice@acme.test', 'oce approvals list --status all --json | jq ".items[].subject"'],
  });
  runs<{ readonly status: string }>(command, registry, async (context, { status }) => {
    const query = { limit: 200, ...(status === 'all' ? {} : { status }) };
    const page = await (await context.api()).get<{ items: ApprovalView[] }>('/api/v1/approvals', query);
    if (context.asJson) context.terminal.json(page);
    else if (page.items.length === 0) context.terminal.err(`Nothing is ${status === 'all' ? 'there' : status}.`);
    else for (const line of approvalTable(page.items, context.terminal.width)) context.terminal.out(line);
  });
}

function registerShow(group: Command, registry: Registry): void {
  const command = group
    .command('show')
    .argument('<id>', 'from "oce approvals"')
    .summary('one of them, with what would be done')
    .description('Shows one approval with what would be done, word for word.');
  teach(command, { examples: ['oce approvals show 01KAX3M4N5P6Q7R8S9T0V1W2X3 --as alice@acme.test'] });
  runs(command, registry, async (context, _options, [id]) => {
    const approval = await (await context.api()).get<ApprovalView>(pathOf(id!));
    if (context.asJson) context.terminal.json(approval);
    else for (const line of approvalLines(approval)) context.terminal.out(line);
  });
}

function registerApprove(group: Command, registry: Registry): void {
  const command = group
    .command('approve')
    .argument('<id>', 'from "oce approvals"')
    .summary('let it be done, as it is')
    .description('Lets it be done as it is. Policy is asked again first; the first decision holds.');
  teach(command, { examples: ['oce approvals approve 01KAX3M4N5P6Q7R8S9T0V1W2X3 --as alice@acme.test'] });
  runs(command, registry, async (context, _options, [id]) => {
    const approval = await (await context.api()).post<ApprovalView>(`${pathOf(id!)}/approve`, {});
    if (context.asJson) context.terminal.json(approval);
    else context.terminal.out(printable(`${approval.subject}: ${standing(approval)}`));
  });
}

function registerReject(group: Command, registry: Registry): void {
  const command = group
    .command('reject')
    .argument('<id>', 'from "oce approvals"')
    .summary('do not let it be done')
    .description('Refuses it. The reason is kept with it and in the audit log.')
    .option('--reason <text>', 'why, for whoever asked');
  teach(command, {
    examples: ['oce approvals reject 01KAX3M4N5P6Q7R8S9T0V1W2X3 --reason "Not before Friday" --as alice@acme.test'],
  });
  runs<{ readonly reason?: string }>(command, registry, async (context, { reason }, [id]) => {
    const body = reason === undefined ? {} : { reason };
    const approval = await (await context.api()).post<ApprovalView>(`${pathOf(id!)}/reject`, body);
    if (context.asJson) context.terminal.json(approval);
    else context.terminal.out(printable(`${approval.subject}: ${standing(approval)}`));
  });
}

function pathOf(id: string): string {
  return `/api/v1/approvals/${encodeURIComponent(id)}`;
}
