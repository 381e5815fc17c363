import { invalid, Problem } from '#libs/http';
import type { ZodType } from 'zod';
import type { Approval } from './approval.ts';

/**
 * The proposal as the person makes it: `edit` over what was proposed.
 * @throws Problem `validation_failed` where the kind takes no edits, a field may not be edited, or its value is none that is accepted
 */
export function edited(
  { kind, proposal }: Approval,
  edit: Record<string, unknown>,
  editable: ZodType | undefined,
): Record<string, unknown> {
  if (!editable)
    throw invalid('edit', `an approval of kind "${kind}" takes no edits; approve it as it is or reject it`);
  const read = editable.safeParse(edit);
  if (!read.success) {
    const errors = read.error.issues.slice(0, 50).map(({ path, message }) => ({
      path: ['edit', ...path].map(String).join('.'),
      message,
    }));
    throw new Problem('validation_failed', `${errors[0]!.path}: ${errors[0]!.message}`, { errors });
  }
  const accepted = read.data as Record<string, unknown>;
  const unknown = Object.keys(edit).find((name) => !Object.hasOwn(accepted, name));
  if (unknown !== undefined) throw invalid(`edit.${unknown}`, 'may not be edited');
  if (Object.keys(accepted).length === 0)
    throw invalid('edit', 'names nothing to edit; leave it out to approve as it is');
  return { ...proposal, ...accepted };
}
