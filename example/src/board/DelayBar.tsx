import { delayClass } from "../lib/format";
import styles from "./DelayBar.module.css";

/**
 * A square-root scale: an hour early is its left end, and one, four and nine hours late are a quarter apart each. A
 * quarter of an hour can be seen, and nine hours still fit.
 */
function position(minutes: number): number {
  const quarters = Math.sign(minutes) * Math.sqrt(Math.abs(minutes) / 60);
  return Math.min(100, Math.max(0, 25 + 25 * quarters));
}

const TICKS: readonly [number, string][] = [
  [-60, "−1 h"],
  [0, "0"],
  [60, "1 h"],
  [240, "4 h"],
  [540, "9 h"],
];

export function DelayBar({ minutes }: { minutes: number }) {
  const [zero, end] = [position(0), position(minutes)];
  return (
    <span className={styles.track} aria-hidden="true">
      <span
        className={styles.bar}
        data-delay={delayClass(minutes)}
        data-side={minutes < 0 ? "early" : "late"}
        style={{ left: `${String(Math.min(zero, end))}%`, width: `${String(Math.abs(end - zero))}%` }}
      />
    </span>
  );
}

/** The scale above the bars. */
export function DelayScale() {
  return (
    <span className={styles.head}>
      <span className="sr-only">Delay in minutes</span>
      <span className={styles.scale} aria-hidden="true">
        {TICKS.map(([minutes, label]) => (
          <span key={minutes} style={{ left: `${String(position(minutes))}%` }}>
            {label}
          </span>
        ))}
      </span>
      <span className={styles.unit} aria-hidden="true">
        min
      </span>
    </span>
  );
}
