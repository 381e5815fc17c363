import { open, rename } from 'node:fs/promises';
import { Readable, Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Command, Option } from 'commander';
import { whyUnreachable } from '../api/client.ts';
import { type Registry, runs, teach } from '../command.ts';
import { CliError } from '../errors.ts';
import { type AuditFilters, filtersOf, withFilters } from './audit-filters.ts';

interface ExportOptions extends AuditFilters {
  readonly format: 'jsonl' | 'csv';
  readonly output?: string;
}

export function registerExport(group: Command, registry: Registry): void {
  const command = group
    .command('export')
    .summary('everything that matches, as a file')
    .description(
      'Writes everything that matches, newest first, to standard output or a file. A file appears under its name only when ' +
        'it is whole; until then, and if the connection is cut, it ends in .part.',
    )
    .addOption(
      new Option('--format <format>', 'a JSON object a line, or CSV').choices(['jsonl', 'csv']).default('jsonl'),
    )
    .option('-o, --output <file>', 'write there');
  withFilters(command);
  teach(command, {
    examples: [
      'oce audit export --output audit.jsonl --as admin@acme.test',
      'oce audit export --format csv --from 2026-01-01T00:00:00Z --to 2026-01-31T23:59:59Z -o january.csv',
      'oce audit export --action-type policy_change | jq -r .timestamp',
    ],
    exits: { 1: 'refused, or the export was cut before its end' },
  });
  runs<ExportOptions>(command, registry, async (context, options) => {
    const { format, output } = options;
    const api = await context.api();
    const response = await api.stream('/api/v1/audit/export', { format, ...filtersOf(options) });
    const part = output === undefined ? undefined : `${output}.part`;
    const target =
      part === undefined ? throughTo(context.terminal.stdout) : (await open(part, 'w', 0o600)).createWriteStream();
    const measure = new Measure();
    try {
      await pipeline(response.body ? Readable.fromWeb(response.body) : Readable.from([]), measure, target);
      if (!measure.endsWhole) throw new Error('it ends in the middle of a line');
    } catch (error) {
      if (context.world.stop.aborted || isFileFault(error)) throw error;
      throw new CliError(
        `The export was cut after ${measure.bytes} bytes: ${whyUnreachable(error)}.`,
        undefined,
        part === undefined ? 'What was printed is not everything. Ask again.' : `What came is in ${part}. Ask again.`,
      );
    }
    if (part === undefined || output === undefined) return;
    await rename(part, output);
    const entries = format === 'csv' ? undefined : measure.lines;
    if (context.asJson) context.terminal.json({ file: output, format, bytes: measure.bytes, entries: entries ?? null });
    else {
      const what = entries === undefined ? '' : `${entries} ${entries === 1 ? 'entry' : 'entries'}, `;
      context.terminal.err(`${output}: ${what}${measure.bytes} bytes`);
    }
  });
}

/** Counts what passes, and knows whether the last line has its end. */
class Measure extends Transform {
  bytes = 0;
  lines = 0;
  private last = 0x0a;

  get endsWhole(): boolean {
    return this.last === 0x0a;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: (error: null, chunk: Buffer) => void): void {
    this.bytes += chunk.length;
    for (let at = chunk.indexOf(0x0a); at >= 0; at = chunk.indexOf(0x0a, at + 1)) this.lines++;
    this.last = chunk.at(-1) ?? this.last;
    done(null, chunk);
  }
}

/** Writes on, at the pace of the reader, and leaves the stream open. */
function throughTo(stream: Writable): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (stream.write(chunk)) done();
      else stream.once('drain', () => done());
    },
  });
}

function isFileFault(error: unknown): boolean {
  return typeof (error as NodeJS.ErrnoException).path === 'string';
}
