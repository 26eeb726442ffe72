import { delayClass, delayInWords, signed } from "../lib/format";
import type { Change } from "../lib/useChange";
import styles from "./Delay.module.css";

/** A delay in minutes, and for a moment how much it changed. */
export function Delay({ minutes, change }: { minutes: number; change: Change<number> }) {
  return (
    <span className={styles.delay} data-delay={delayClass(minutes)}>
      {change.times > 0 && (
        <span key={change.times} className={styles.change} aria-hidden="true">
          {minutes > change.before ? "▲" : "▼"}
          {Math.abs(minutes - change.before)}
        </span>
      )}
      <span aria-hidden="true">{signed(minutes)}</span>
      <span className="sr-only">{delayInWords(minutes)}</span>
    </span>
  );
}
