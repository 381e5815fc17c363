import { StandardSchemaValidationPipe } from '@nestjs/common';
import { Problem } from './problem.ts';

/** Checks bodies, queries and parameters against the schema given in the decorator: `@Body({ schema })`. */
export function validationPipe(): StandardSchemaValidationPipe {
  return new StandardSchemaValidationPipe({
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
