/** A log file that children write to directly, so that they go on logging while our event loop is busy or gone. */
import { closeSync, copyFileSync, fstatSync, ftruncateSync, mkdirSync, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import { storageError } from './private-files.ts';

const CHECK_EVERY_MS = 15_000;

export class BoundedLog {
  readonly path: string;
  /** Give this to a child as its standard output and error. */
  readonly fd: number;
  readonly #timer: NodeJS.Timeout;

  /** Past `maxBytes` the content moves to `<path>.1`, whose earlier content is dropped; looked at every 15 s. */
  constructor(path: string, maxBytes = 8 * 1024 * 1024) {
    this.path = path;
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      this.fd = openSync(path, 'a+', 0o600);
    } catch (error) {
      throw storageError(error, path);
    }
    const bound = () => {
      try {
        if (fstatSync(this.fd).size <= maxBytes) return;
        copyFileSync(path, `${path}.1`);
        ftruncateSync(this.fd); // writers append, so they go on at the new end
      } catch {
        // no room for the copy: try again next time
      }
    };
    bound();
    this.#timer = setInterval(bound, CHECK_EVERY_MS);
    this.#timer.unref();
  }

  get size(): number {
    return fstatSync(this.fd).size;
  }

  /** What was written since `offset`, at most the last 16 KiB of it. */
  since(offset: number): string {
    const from = Math.max(offset, this.size - 16_384, 0);
    const buffer = Buffer.alloc(Math.max(this.size - from, 0));
    const length = readSync(this.fd, buffer, 0, buffer.length, from);
    return buffer.toString('utf8', 0, length);
  }

  close(): void {
    clearInterval(this.#timer);
    closeSync(this.fd);
  }
}
