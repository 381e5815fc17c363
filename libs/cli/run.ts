import type { Writable } from 'node:stream';
import { type Command, CommanderError } from 'commander';
import { setTimeout as delay } from 'node:timers/promises';
import { type ProblemDocument, problemLines, remedyFor } from './api/problem.ts';
import type { Environment, Parts } from './context.ts';
import { CliError, EXIT, Unreachable } from './errors.ts';
import { buildProgram, FIRST_STEPS } from './program.ts';
import { Terminal } from './terminal.ts';

export interface CliOptions {
  /** What stands behind `oce`. */
  readonly argv: readonly string[];
  readonly env: Environment;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly parts: Parts;
  /** Fires when the person wants to stop. */
  readonly stop: AbortSignal;
}

/** Runs one command line and resolves with its exit code. Never throws: errors are told on standard error. */
export async function runCli(options: CliOptions): Promise<number> {
  const terminal = new Terminal(options.stdout, options.stderr, options.env);
  let code: number = EXIT.ok;
  const program = buildProgram({
    world: {
      env: options.env,
      terminal,
      parts: options.parts,
      now: Date.now,
      sleep: (ms) => delay(ms, undefined, { signal: options.stop }),
      stop: options.stop,
    },
    finish: (result) => void (code = result),
  });
  try {
    await program.parseAsync(options.argv, { from: 'user' });
    return code;
  } catch (error) {
    if (options.stop.aborted) return EXIT.interrupted;
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok;
    if (error instanceof CommanderError && error.code === 'commander.help') return helpFor(program, terminal);
    const told = toCliError(error);
    tell(terminal, told, options.argv.includes('--json'));
    return told.exitCode;
  }
}

/** `oce` alone shows first steps; a group of commands alone shows what is in it, and was called wrongly. */
function helpFor(program: Command, terminal: Terminal): number {
  const group = program.commands.find((command) => command.name() === program.args[0]);
  if (group) terminal.err(group.helpInformation());
  else terminal.out(FIRST_STEPS);
  return group ? EXIT.usage : EXIT.ok;
}

function toCliError(error: unknown): CliError {
  if (error instanceof CliError) return error;
  if (error instanceof CommanderError) return usageError(error);
  const { code, path } = error as NodeJS.ErrnoException;
  if (code !== undefined && path !== undefined) return new CliError(`${path}: ${FILE_FAULTS[code] ?? code}`);
  return new CliError(`Unexpected fault: ${error instanceof Error ? error.message : String(error)}`);
}

/** Commander's words without its prefix. */
function usageError({ message }: CommanderError): CliError {
  return new CliError(message.replace(/^error: /, ''), EXIT.usage, 'See the command with --help.');
}

const FILE_FAULTS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'no right to do this',
  EISDIR: 'is a folder',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of the path is a file',
};

function tell(terminal: Terminal, error: CliError, asJson: boolean): void {
  if (asJson) {
    terminal.err(JSON.stringify(error.problem ?? problemOf(error)));
    return;
  }
  const [first, ...more] = error.problem ? problemLines(error.problem) : [error.message];
  terminal.err(`${terminal.styleErr('red', '✗')} ${first}`);
  for (const line of more) terminal.err(line);
  const remedy = error.remedy ?? (error.problem && remedyFor(error.problem));
  if (remedy) terminal.err(`  ${terminal.styleErr('cyan', '→')} ${remedy}`);
}

/** A fault of our own in the same form as those of the service. */
function problemOf(error: CliError): ProblemDocument {
  const code =
    error instanceof Unreachable ? 'unreachable' : error.exitCode === EXIT.usage ? 'wrong_usage' : 'command_failed';
  const detail = error.remedy ? `${error.message} ${error.remedy}` : error.message;
  return { type: `urn:openclaw:problem:${code}`, title: error.message, code, detail };
}
