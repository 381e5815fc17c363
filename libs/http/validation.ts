import { type ArgumentMetadata, StandardSchemaValidationPipe } from '@nestjs/common';
import { Problem } from './problem.ts';

class ValidationPipe extends StandardSchemaValidationPipe {
  override async transform<T>(value: T, metadata: ArgumentMetadata): Promise<T> {
    const { type, schema } = metadata;
    if (type !== 'body' || !schema) return super.transform(value, metadata);
    // `parseJson` has refused the names that would be looked for and taken out first.
    const result = await this.validate<T>(value, schema);
    if (result.issues) throw this.exceptionFactory(result.issues);
    return result.value;
  }
}

/** Checks bodies, queries and parameters against the schema given in the decorator: `@Body({ schema })`. */
export function validationPipe(): ValidationPipe {
  return new ValidationPipe({
    exceptionFactory: (issues) => {
      const errors = issues.slice(0, 50).map((issue) => ({
        path:
          (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.') || '(body)',
        message: issue.message,
      }));
      const first = errors[0];
      return new Problem('validation_failed', first ? `${first.path}: ${first.message}` : 'The request is not valid.', {
        errors,
      });
    },
  });
}
