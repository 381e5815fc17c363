/**
 * Work that comes round again and again, never twice at once, and not after its end: whoever ends it waits for the round under
 * way, so that nothing asks a database that is closed.
 *
 * ```ts
 * private readonly rounds = new Rounds();
 * onApplicationBootstrap() { this.rounds.begin(); }
 * @Interval(1_000) tick() { return this.rounds.run(() => this.look()); }
 * onModuleDestroy() { return this.rounds.end(); }
 * ```
 */
export class Rounds {
  private isOpen = false;
  private running: Promise<void> | undefined;

  begin(): void {
    this.isOpen = true;
  }

  /** Does nothing before the beginning, after the end and while a round is under way. */
  async run(round: () => Promise<void>): Promise<void> {
    if (!this.isOpen || this.running) return;
    this.running = round().finally(() => (this.running = undefined));
    await this.running;
  }

  async end(): Promise<void> {
    this.isOpen = false;
    await this.running?.catch(() => undefined);
  }
}
