import {
  QueryFailedError,
  QueryRunnerAlreadyReleasedError,
  QueryRunnerProviderAlreadyReleasedError,
  TransactionNotStartedError,
} from 'typeorm';

/** TypeORM takes a runner back when its connection breaks, and whoever uses it next hears about the runner. */
const RUNNER_TAKEN_BACK = [
  QueryRunnerAlreadyReleasedError,
  QueryRunnerProviderAlreadyReleasedError,
  TransactionNotStartedError,
];

function codeOf(error: unknown): string {
  const source =
    error instanceof QueryFailedError ? (error.driverError as { code?: unknown }) : (error as { code?: unknown });
  return typeof source?.code === 'string' ? source.code : '';
}

/** A unique or exclusion constraint refused the row. */
export function isConflict(error: unknown): boolean {
  return codeOf(error) === '23505' || codeOf(error) === '23P01';
}

/**
 * The database is away, restarting, full or too slow: the same call may succeed later.
 * PostgreSQL error classes 08 (connection), 53 (resources), 57 (operator intervention), 58 (system), and read-only
 * standbys; and the connection errors of Node and of the `pg` package, which has no codes for its own.
 */
export function isUnavailable(error: unknown): boolean {
  if (RUNNER_TAKEN_BACK.some((kind) => error instanceof kind)) return true;
  const code = codeOf(error);
  if (/^(08|53|57|58)/.test(code) || code === '25006') return true;
  if (/^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN)/.test(code)) return true;
  const message = error instanceof Error ? error.message : '';
  return /Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error|not queryable|Driver not Connected|pool after calling end/i.test(
    message,
  );
}
