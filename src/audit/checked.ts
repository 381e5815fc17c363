import { z } from 'zod';

type Checked<T> = z.ZodType<T>['~standard'];

/** A Zod schema as a Standard Schema whose messages name the value given and what is accepted. */
export function checked<T>(schema: z.ZodType<T>): { readonly '~standard': Checked<T> } {
  return checkedBy(schema, () => schema);
}

/**
 * The same for a choice: `choose` looks at the value and says which schema it is meant to follow, so that the messages
 * are about that one; `documented` is what the API document shows.
 */
export function checkedBy<T>(
  documented: z.ZodType<T>,
  choose: (value: unknown) => z.ZodType<T>,
): { readonly '~standard': Checked<T> } {
  return {
    '~standard': {
      ...documented['~standard'],
      validate: (value: unknown) => {
        const schema = choose(value);
        const result = schema.safeParse(value, { error: explain });
        if (result.success) return { value: result.data };
        return { issues: result.error.issues.flatMap((issue) => perField(issue, schema)) };
      },
    },
  };
}

type Issue = z.core.$ZodIssue;

/** An unknown field is an issue at that field, not at the object round it. */
function perField(issue: Issue, schema: z.ZodType): { path: PropertyKey[]; message: string }[] {
  if (issue.code !== 'unrecognized_keys') return [{ path: [...issue.path], message: issue.message }];
  const known = schema instanceof z.ZodObject && issue.path.length === 0 ? Object.keys(schema.shape) : [];
  const accepted = known.length > 0 ? `; accepted: ${known.join(', ')}` : '';
  return issue.keys.map((key) => ({ path: [...issue.path, key], message: `is not a known field${accepted}` }));
}

function explain(issue: z.core.$ZodRawIssue): string | undefined {
  const given = issue.input === undefined ? 'is missing' : `is ${shown(issue.input)}`;
  const accepted = acceptedBy(issue);
  return accepted === undefined ? undefined : `${given}; accepted: ${accepted}`;
}

function acceptedBy(issue: z.core.$ZodRawIssue): string | undefined {
  const unit = { string: ' characters', array: ' items' }[String(issue.origin)] ?? '';
  switch (issue.code) {
    case 'invalid_type':
      return String(issue.expected);
    case 'invalid_value':
      return (issue.values as unknown[]).map(String).join(', ');
    case 'too_big':
      return `at most ${String(issue.maximum)}${unit}`;
    case 'too_small':
      return `at least ${String(issue.minimum)}${unit}`;
    case 'invalid_format':
      return issue.format === 'datetime' ? 'a time in ISO 8601, such as 2026-01-31T09:30:00Z' : String(issue.format);
    case 'invalid_union':
      return 'see the API document for the forms of this field';
    default:
      return undefined;
  }
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
