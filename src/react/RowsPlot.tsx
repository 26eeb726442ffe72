import type { MirrorStatus } from "../core/wire/views.js";
import { useAnswer } from "./hooks.js";
import { useImportFunctions } from "./ImportProvider.js";
import { count, duration } from "./words.js";

const SIZE = { width: 240, height: 48 };

/** A minute, in milliseconds: the least time between samples, so the line moves no more often. */
const GRAIN_MS = 60_000;

/** The rows of a mirror over time, as a picture and in words. */
export function RowsPlot({ mirror: { name, rows }, now }: { mirror: MirrorStatus; now: number }) {
  const answer = useAnswer(useImportFunctions().samples, { mirror: name });
  const samples = answer.status === "ready" ? answer.value : [];
  const points = samples.map((sample) => ({ at: Date.parse(sample.at), value: sample.rows }));
  // The last point is the current value.
  const end = Math.max(Math.floor(now / GRAIN_MS) * GRAIN_MS, points.at(-1)?.at ?? 0);
  const plot = points.length === 0 ? null : plotPath([...points, { at: end, value: rows }], SIZE);
  if (plot === null) return null;
  return (
    <figure className="csi-plot">
      <svg
        viewBox={`0 0 ${String(SIZE.width)} ${String(SIZE.height)}`}
        preserveAspectRatio="none"
        aria-hidden="true"
        focusable="false"
      >
        <path className="csi-plot-area" d={plot.area} suppressHydrationWarning />
        <path className="csi-plot-line" d={plot.line} suppressHydrationWarning />
      </svg>
      <figcaption suppressHydrationWarning>
        {`From ${count(points[0]!.value, "row")} to ${count(rows, "row")} in ${duration(plot.to - plot.from)}`}
      </figcaption>
    </figure>
  );
}

/** A point of a plot: a time in milliseconds since 1970, and a value. */
export interface PlotPoint {
  at: number;
  value: number;
}

/** The size of a plot, in its own units. */
export interface PlotSize {
  width: number;
  height: number;
}

/** The line of a plot and the area under it, as SVG path data, and the range that it covers. */
export interface Plot {
  line: string;
  area: string;
  from: number;
  to: number;
  highest: number;
}

/**
 * Draws points as steps: a value holds until the next sample. The value axis starts at 0, so that a small change looks
 * small. Null for fewer than two times: there is nothing to plot.
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

/** Two decimals: finer than a pixel. */
function round(value: number): string {
  return String(Math.round(value * 100) / 100);
}
