/** A point of a plot: a time in milliseconds since 1970, and a value. */
export interface PlotPoint {
  at: number;
  value: number;
}

/** Where a plot is drawn, in its own units. */
export interface PlotSize {
  width: number;
  height: number;
}

/** The line of a plot and the area under it, as SVG path data, and what its ends stand for. */
export interface Plot {
  line: string;
  area: string;
  from: number;
  to: number;
  highest: number;
}

/**
 * Draws points as steps: a value holds until the next is known. The value axis starts at 0, so that a small change looks
 * small. Null for fewer than two moments: there is nothing to see yet.
 */
export function plotPath(points: readonly PlotPoint[], { width, height }: PlotSize): Plot | null {
  const [first] = points;
  const last = points.at(-1);
  if (first === undefined || last === undefined || last.at <= first.at) return null;
  const highest = Math.max(1, ...points.map(({ value }) => value));
  const x = (at: number) => round(((at - first.at) / (last.at - first.at)) * width);
  const y = (value: number) => round(height - (value / highest) * height);
  const line = points
    .map(({ at, value }, i) => (i === 0 ? `M0 ${y(value)}` : `H${x(at)}V${y(value)}`))
    .join("");
  return { line, area: `${line}V${round(height)}H0Z`, from: first.at, to: last.at, highest };
}

/** Two decimals are finer than a pixel. */
function round(value: number): string {
  return String(Math.round(value * 100) / 100);
}
