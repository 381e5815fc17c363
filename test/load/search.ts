/**
 * Looks for the highest rate at which a criterion holds: up by a factor until it fails, then halving the interval between
 * the highest good and the lowest bad rate.
 */
export class RateSearch {
  good = 0;
  bad: number | undefined;
  private refinements = 0;
  private readonly options: { readonly first: number; readonly factor: number; readonly refinements: number };

  constructor(options: { readonly first: number; readonly factor: number; readonly refinements: number }) {
    this.options = options;
  }

  /** The next rate to try; undefined when the answer, `good`, is close enough. */
  next(): number | undefined {
    const { first, factor, refinements } = this.options;
    if (this.bad === undefined) return this.good === 0 ? first : Math.round(this.good * factor);
    if (this.refinements++ >= refinements) return undefined;
    return Math.round((this.good + this.bad) / 2);
  }

  tell(rate: number, holds: boolean): void {
    if (holds) this.good = Math.max(this.good, rate);
    else this.bad = Math.min(this.bad ?? Infinity, rate);
  }
}
