import type { Command } from 'commander';
import type { Registry } from '../command.ts';
import { registerCompleteness } from './audit-completeness.ts';
import { registerExport } from './audit-export.ts';
import { registerTail } from './audit-tail.ts';

export function registerAudit(program: Command, registry: Registry): void {
  const group = program
    .command('audit')
    .summary('read, export and check the audit log')
    .description('Reads the audit log as far as you may see it, exports it, and checks that nothing is missing.');
  registerTail(group, registry);
  registerExport(group, registry);
  registerCompleteness(group, registry);
}
