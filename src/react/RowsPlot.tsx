import type { MirrorStatus } from "../core/wire/views.js";
import { useImportFunctions } from "./ImportProvider.js";
import { plotPath } from "./plotPath.js";
import { useAnswer } from "./useAnswer.js";
import { count, duration } from "./words.js";

const SIZE = { width: 240, height: 48 };

/** A minute, in milliseconds: as long as there may be between samples, so the line need not move more often. */
const GRAIN_MS = 60_000;

/** The rows of a mirror over time: a small picture, and the same in words. */
export function RowsPlot({ mirror: { name, rows }, now }: { mirror: MirrorStatus; now: number }) {
  const answer = useAnswer(useImportFunctions().samples, { mirror: name });
  const samples = answer.status === "ready" ? answer.value : [];
  const points = samples.map((sample) => ({ at: Date.parse(sample.at), value: sample.rows }));
  // The last is what holds now.
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
