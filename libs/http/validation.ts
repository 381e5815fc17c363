import { type ArgumentMetadata, StandardSchemaValidationPipe } from '@nestjs/common';
import type { z } from 'zod';
import { Problem } from './problem.ts';

class ValidationPipe extends StandardSchemaValidationPipe {
  override async transform<T>(value: T, metadata: ArgumentMetadata): Promise<T> {
    const { type, schema, data } = metadata;
    if (type === 'param' && schema && data) return checkedValue(schema as Checkable<T>, value, data);
    if (type !== 'body' || !schema) return super.transform(value, metadata);
    // `parseJson` has refused the names that would be looked for and taken out first.
    const result = await this.validate<T>(value, schema);
    if (result.issues) throw this.exceptionFactory(result.issues);
    return result.value;
  }
}

/** A schema that values are checked against: of Zod, or made by hand. Source: standardschema.dev */
export interface Checkable<T> {
  readonly '~standard': z.ZodType<T>['~standard'];
}

/**
 * @param name of the value itself where it is one of many; without it a value is the body
 * @throws Problem `validation_failed` naming each field
 */
export async function checkedValue<T>(schema: Checkable<T>, value: unknown, name?: string): Promise<T> {
  const result = await schema['~standard'].validate(value);
  if (result.issues) throw problemOf(result.issues, name);
  return result.value;
}

type Issues = readonly {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}[];

function problemOf(issues: Issues, name = '(body)'): Problem {
  const errors = issues.slice(0, 50).map((issue) => ({
    path: (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.') || name,
    message: issue.message,
  }));
  const first = errors[0];
  return new Problem('validation_failed', first ? `${first.path}: ${first.message}` : 'The request is not valid.', {
    errors,
  });
}

/** Checks bodies, queries and parameters against the schema given in the decorator: `@Body({ schema })`. */
export function validationPipe(): ValidationPipe {
  return new ValidationPipe({ exceptionFactory: (issues) => problemOf(issues) });
}
