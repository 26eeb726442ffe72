import { useId, useState } from "react";
import type { Sample } from "../core/wire/validators.js";
import type { MirrorStatus } from "../core/wire/views.js";
import { useAnswer } from "./hooks.js";
import { useImportFunctions } from "./ImportProvider.js";
import { count, number } from "../core/words.js";
import { duration, exactly, lagWords } from "./words.js";

/** A minute, in milliseconds: the least time between samples, so the line moves no more often. */
const GRAIN_MS = 60_000;

type Plotted = Pick<MirrorStatus, "name" | "rows" | "lagMs" | "lastAppliedAt" | "total">;

/** What a plot shows over time: a name, the series, and its values in words. */
const VIEWS = {
  rows: { label: "Rows", words: (value: number) => count(value, "row") },
  throughput: { label: "Throughput", words: (value: number) => `${number(Math.round(value))} changes/min` },
  lag: { label: "Lag", words: lagWords },
} as const;

type View = keyof typeof VIEWS;

/** Rows, throughput or lag of a mirror over time. Nothing where there is nothing to plot. */
export function Plot({ mirror, now }: { mirror: Plotted; now: number }) {
  const [view, setView] = useState<View>("rows");
  const group = useId();
  const samples = useSamples(mirror.name);
  const drawn = (Object.keys(VIEWS) as View[]).flatMap((name) => {
    const plot = plotPath(seriesOf(name, samples, mirror, now), { width: 480, height: 96 });
    return plot === null ? [] : { name, plot };
  });
  const shown = drawn.find(({ name }) => name === view) ?? drawn[0];
  if (shown === undefined) return null;
  const { name, plot } = shown;
  const { label, words } = VIEWS[name];
  return (
    <figure className="csi-plot">
      {drawn.length > 1 && (
        <div className="csi-switch" role="radiogroup" aria-label={`Plot of ${mirror.name}`}>
          {drawn.map((each) => (
            <label key={each.name}>
              <input
                type="radio"
                name={group}
                checked={each.name === name}
                onChange={() => {
                  setView(each.name);
                }}
              />
              {VIEWS[each.name].label}
            </label>
          ))}
        </div>
      )}
      <div className="csi-plot-frame">
        <span className="csi-plot-top">{words(plot.highest)}</span>
        <svg
          viewBox="0 0 480 96"
          preserveAspectRatio="none"
          role="img"
          aria-label={`${label}: from ${words(plot.first)} to ${words(plot.last)} in ${duration(plot.to - plot.from)}, at most ${words(plot.highest)}`}
          suppressHydrationWarning
        >
          <path className="csi-plot-area" d={plot.area} suppressHydrationWarning />
          <path className="csi-plot-line" d={plot.line} suppressHydrationWarning />
        </svg>
      </div>
      <figcaption suppressHydrationWarning>
        {[plot.from, plot.to].map((at, i) => (
          <time key={at} dateTime={new Date(at).toISOString()} title={exactly(new Date(at).toISOString())}>
            {i > 0 && now - at < GRAIN_MS ? "now" : `${duration(Math.max(0, now - at))} ago`}
          </time>
        ))}
      </figcaption>
    </figure>
  );
}

/** The rows of a mirror over time, small enough for a line of a table. The table has the number. */
export function Sparkline({ mirror, now }: { mirror: Plotted; now: number }) {
  const samples = useSamples(mirror.name);
  const plot = plotPath(seriesOf("rows", samples, mirror, now), { width: 96, height: 20 });
  if (plot === null) return null;
  return (
    <svg className="csi-spark" viewBox="0 0 96 20" preserveAspectRatio="none" aria-hidden="true">
      <path className="csi-plot-area" d={plot.area} suppressHydrationWarning />
      <path className="csi-plot-line" d={plot.line} suppressHydrationWarning />
    </svg>
  );
}

function useSamples(mirror: string): readonly Sample[] {
  const answer = useAnswer(useImportFunctions().samples, { mirror });
  return answer.status === "ready" ? answer.value : [];
}

/** A point of a plot: a time in milliseconds since 1970, and a value that holds until the next point. */
export interface PlotPoint {
  at: number;
  value: number;
}

/**
 * The points of a view, each at the time of its change. The registry knows when the last change was applied: that is
 * where the current value begins, not now. Rows hold until now; nobody knows the lag after the last delivery.
 */
export function seriesOf(
  view: View,
  samples: readonly Sample[],
  { rows, lagMs, lastAppliedAt, total }: Omit<Plotted, "name">,
  now: number,
): PlotPoint[] {
  if (samples.length === 0) return [];
  const current = { rows, lagMs, received: total.received };
  const known = samples.map((sample) => ({ ...sample, at: Date.parse(sample.at) }));
  const appliedAt = lastAppliedAt === null ? 0 : Date.parse(lastAppliedAt);
  const points = appliedAt > known.at(-1)!.at ? [...known, { ...current, at: appliedAt }] : known;
  const last = points.at(-1)!;
  const end = Math.max(Math.floor(now / GRAIN_MS) * GRAIN_MS, last.at);
  if (view === "lag")
    return points.flatMap((point) => (point.lagMs === null ? [] : { at: point.at, value: point.lagMs }));
  if (view === "rows")
    return [...points.map((point) => ({ at: point.at, value: point.rows })), { at: end, value: rows }];
  const rates = points.slice(1).map((point, i) => {
    const before = points[i]!;
    const minutes = Math.max(point.at - before.at, 1_000) / 60_000;
    return { at: before.at, value: Math.max(0, point.received - before.received) / minutes };
  });
  return rates.length === 0 ? [] : [...rates, { at: last.at, value: 0 }, { at: end, value: 0 }];
}

/** The size of a plot, in its own units. */
interface PlotSize {
  width: number;
  height: number;
}

/** The line of a plot and the area under it, as SVG path data, and the range that it covers. */
interface PlotPath {
  line: string;
  area: string;
  from: number;
  to: number;
  first: number;
  last: number;
  highest: number;
}

/**
 * Draws points as steps: a value holds until the next point. The value axis starts at 0, so that a small change looks
 * small. Null for fewer than two times, and when all is 0: there is nothing to plot.
 */
export function plotPath(points: readonly PlotPoint[], { width, height }: PlotSize): PlotPath | null {
  const [first] = points;
  const last = points.at(-1);
  if (first === undefined || last === undefined || last.at <= first.at) return null;
  const highest = Math.max(...points.map(({ value }) => value));
  if (highest <= 0) return null;
  const x = (at: number) => round(((at - first.at) / (last.at - first.at)) * width);
  const y = (value: number) => round(height - (value / highest) * height);
  const line = points
    .map(({ at, value }, i) => (i === 0 ? `M0 ${y(value)}` : `H${x(at)}V${y(value)}`))
    .join("");
  return {
    line,
    area: `${line}V${round(height)}H0Z`,
    from: first.at,
    to: last.at,
    first: first.value,
    last: last.value,
    highest,
  };
}

/** Two decimals: finer than a pixel. */
function round(value: number): string {
  return String(Math.round(value * 100) / 100);
}
