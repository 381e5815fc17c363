import type { Writable } from 'node:stream';
import { styleText } from 'node:util';

type Style = 'bold' | 'dim' | 'green' | 'red' | 'yellow' | 'cyan';

type Out = Writable & { readonly isTTY?: boolean | undefined; readonly columns?: number | undefined };

/**
 * Where a command writes: its result on standard output, everything else on standard error. Colours only where a person
 * looks (a terminal, and NO_COLOR is not set).
 */
export class Terminal {
  constructor(
    readonly stdout: Out,
    readonly stderr: Out,
    private readonly env: Readonly<Record<string, string | undefined>>,
  ) {}

  /** Columns of the terminal; undefined where the output goes into a file or a pipe and must not be cut. */
  get width(): number | undefined {
    return this.stdout.isTTY ? this.stdout.columns : undefined;
  }

  out(text: string): void {
    this.stdout.write(`${text}\n`);
  }

  err(text: string): void {
    this.stderr.write(`${text}\n`);
  }

  json(value: unknown): void {
    this.out(JSON.stringify(value, null, this.stdout.isTTY ? 2 : undefined));
  }

  /** For text that goes to standard output. */
  style(style: Style, text: string): string {
    return this.colours(this.stdout) ? styleText(style, text, { validateStream: false }) : text;
  }

  /** For text that goes to standard error. */
  styleErr(style: Style, text: string): string {
    return this.colours(this.stderr) ? styleText(style, text, { validateStream: false }) : text;
  }

  private colours(stream: Out): boolean {
    return Boolean(stream.isTTY) && !this.env.NO_COLOR && this.env.TERM !== 'dumb';
  }
}
