export interface Point {
  readonly x: number;
  readonly y: number;
}

/** The straight line with the least squared error; a slope of 0 where there are fewer than two different x. */
export function fitLine(points: readonly Point[]): { slope: number; intercept: number } {
  const n = points.length;
  if (n === 0) return { slope: 0, intercept: 0 };
  const meanX = points.reduce((sum, p) => sum + p.x, 0) / n;
  const meanY = points.reduce((sum, p) => sum + p.y, 0) / n;
  const spread = points.reduce((sum, p) => sum + (p.x - meanX) ** 2, 0);
  if (spread === 0) return { slope: 0, intercept: meanY };
  const slope = points.reduce((sum, p) => sum + (p.x - meanX) * (p.y - meanY), 0) / spread;
  return { slope, intercept: meanY - slope * meanX };
}

export interface Trend {
  /** Units of y a unit of x. */
  readonly slope: number;
  readonly mean: number;
  /** What the line rises over the points looked at, as a share of their mean. */
  readonly growth: number;
  readonly isFlat: boolean;
}

/** The trend after the first third, which is given to filling caches; flat if it grows by no more than `tolerance`. */
export function trendOf(points: readonly Point[], tolerance: number): Trend {
  const settled = points.slice(Math.floor(points.length / 3));
  const { slope } = fitLine(settled);
  const mean = settled.reduce((sum, p) => sum + p.y, 0) / Math.max(1, settled.length);
  const span = (settled.at(-1)?.x ?? 0) - (settled[0]?.x ?? 0);
  const growth = mean === 0 ? 0 : (slope * span) / mean;
  return { slope, mean, growth, isFlat: growth <= tolerance };
}
