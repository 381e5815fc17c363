import type { ProblemDocument } from './api/problem.ts';

/** Exit codes of `oce`. 69 is EX_UNAVAILABLE of sysexits.h. */
export const EXIT = { ok: 0, failed: 1, usage: 2, approval: 3, denied: 4, unreachable: 69, interrupted: 130 } as const;

/** Stops a command with words for a person. */
export class CliError extends Error {
  constructor(
    message: string,
    readonly exitCode: number = EXIT.failed,
    /** What to do about it. */
    readonly remedy?: string,
    /** What the server said, where it was the server. */
    readonly problem?: ProblemDocument,
  ) {
    super(message);
    this.name = 'CliError';
  }
}

/** The command line itself is wrong. */
export function usage(message: string): CliError {
  return new CliError(message, EXIT.usage);
}

/** No connection, no answer in time, or none that is HTTP. */
export class Unreachable extends CliError {
  constructor(url: string, why: string) {
    super(
      `No answer from ${url}: ${why}.`,
      EXIT.unreachable,
      'Start the service with "npm start", or name where it runs with --url or OCE_URL. "npx oce doctor" looks further.',
    );
    this.name = 'Unreachable';
  }
}
