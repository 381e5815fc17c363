/** Thrown where a call was answered before: the filter gives that answer again. */
export class KeptAnswer {
  constructor(
    readonly status: number,
    /** JSON, or nothing. */
    readonly body: string,
  ) {}

  written(): string {
    return `${this.status} ${this.body}`;
  }

  static read(text: string): KeptAnswer {
    return new KeptAnswer(Number(text.slice(0, 3)), text.slice(4));
  }
}
