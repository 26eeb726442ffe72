import { HISTORY_SECONDS, type Throughput } from "../app/Import";
import { count } from "../lib/format";
import styles from "./RateChart.module.css";

const HEIGHT = 40;

/** Changes per second over the last minute, as this page saw them go by. */
export function RateChart({ throughput, wide = false }: { throughput: Throughput; wide?: boolean }) {
  const highest = Math.max(1, ...throughput);
  const lastMinute = throughput.reduce((sum, rows) => sum + rows, 0);
  return (
    <figure className={styles.chart} data-wide={wide || undefined}>
      <svg
        viewBox={`0 0 ${String(HISTORY_SECONDS)} ${String(HEIGHT)}`}
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        {throughput.map(
          (rows, second) =>
            rows > 0 && (
              <rect
                key={second}
                x={second + 0.12}
                width={0.76}
                y={HEIGHT - (rows / highest) * HEIGHT}
                height={(rows / highest) * HEIGHT}
              />
            ),
        )}
      </svg>
      <figcaption>
        {lastMinute === 0 ? "Quiet in the last minute" : `${count(lastMinute)} in the last minute`}
      </figcaption>
    </figure>
  );
}
