import { duration, type Measurement } from './growth.ts';

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [780, 420, 80, 240, 48, 52];
const COLOURS = ['#1f6feb', '#1a7f37', '#bf3989', '#9a6700'];

/**
 * An SVG of the time an item over the number of items, both axes logarithmic. The dashed line beside each curve starts where it
 * does and grows as log n: a curve that does not rise above it costs at most n log n.
 */
export function growthPlot(title: string, curves: ReadonlyMap<string, readonly Measurement[]>): string {
  const points = [...curves.values()].flat();
  const perItem = ({ n, ms }: Measurement) => ms / n;
  const expected = (all: readonly Measurement[], { n }: Measurement) =>
    (perItem(all[0]!) * Math.log(n)) / Math.log(all[0]!.n);
  const heights = [...curves.values()].flatMap((all) => all.flatMap((one) => [perItem(one), expected(all, one)]));
  const x = scale(
    points.map(({ n }) => n),
    LEFT,
    WIDTH - RIGHT,
  );
  const y = scale(heights, HEIGHT - BOTTOM, TOP);
  const path = (all: readonly Measurement[], height: (one: Measurement) => number) =>
    all.map((one, i) => `${i === 0 ? 'M' : 'L'}${x.at(one.n)} ${y.at(height(one))}`).join(' ');
  const lines = [...curves].map(([name, all], i) => {
    const colour = COLOURS[i % COLOURS.length]!;
    const last = all.at(-1)!;
    return [
      `<path d="${path(all, (one) => expected(all, one))}" fill="none" stroke="${colour}" stroke-dasharray="4 4" opacity=".6"/>`,
      `<path d="${path(all, perItem)}" fill="none" stroke="${colour}" stroke-width="2"/>`,
      ...all.map((one) => `<circle cx="${x.at(one.n)}" cy="${y.at(perItem(one))}" r="3.5" fill="${colour}"/>`),
      label(WIDTH - RIGHT + 10, y.at(perItem(last)) + 4, `${name}: ${duration(perItem(last))}`, 'start', colour),
    ].join('\n');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#fff"/>
${label(LEFT, 24, title, 'start', '#1f2328')}
${label(LEFT, 40, 'measured (solid) against growth by log n (dashed)', 'start', '#59636e')}
${x.powers.map((n) => `<path d="M${x.at(n)} ${TOP}V${HEIGHT - BOTTOM}" stroke="#d1d9e0"/>\n${label(x.at(n), HEIGHT - BOTTOM + 18, n.toLocaleString('en-GB'), 'middle', '#59636e')}`).join('\n')}
${y.powers.map((ms) => `<path d="M${LEFT} ${y.at(ms)}H${WIDTH - RIGHT}" stroke="#d1d9e0"/>\n${label(LEFT - 8, y.at(ms) + 4, duration(ms), 'end', '#59636e')}`).join('\n')}
${label((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, 'items', 'middle', '#59636e')}
${lines.join('\n')}
</svg>
`;
}

function scale(values: readonly number[], from: number, to: number) {
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))));
  return {
    at: (value: number) => Math.round((from + ((Math.log10(value) - low) / (high - low)) * (to - from)) * 10) / 10,
    powers: Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i)),
  };
}

function label(x: number, y: number, text: string, anchor: 'start' | 'middle' | 'end', colour: string): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="${colour}">${escaped}</text>`;
}
