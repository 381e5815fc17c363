import { Global, Module } from '@nestjs/common';

/** Port to time, so that tests need no sleeping. */
export abstract class Clock {
  /** Milliseconds since 1970, UTC. */
  abstract now(): number;
  /** Milliseconds that only ever rise: for limits and durations. */
  abstract elapsed(): number;
  /** Runs `work` once after so many milliseconds, unless the answer is called first. */
  abstract after(milliseconds: number, work: () => void): () => void;
}

export class SystemClock extends Clock {
  now(): number {
    return Date.now();
  }

  elapsed(): number {
    return performance.now();
  }

  after(milliseconds: number, work: () => void): () => void {
    const timer = setTimeout(work, milliseconds);
    return () => clearTimeout(timer);
  }
}

@Global()
@Module({ providers: [{ provide: Clock, useClass: SystemClock }], exports: [Clock] })
export class ClockModule {}
