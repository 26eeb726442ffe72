import { HISTORY_SECONDS, type Throughput } from "../app/Import";
import { count } from "../lib/format";
import type { Mirror } from "../lib/types";
import { RateChart } from "./RateChart";
import styles from "./Totals.module.css";

interface TotalsProps {
  mirrors: readonly Mirror[];
  throughput: ReadonlyMap<string, Throughput>;
}

/** All mirrors together. */
export function Totals({ mirrors, throughput }: TotalsProps) {
  const rows = mirrors.reduce((sum, mirror) => sum + mirror.rows, 0);
  const received = mirrors.reduce((sum, mirror) => sum + mirror.total.received, 0);
  const failed = mirrors.filter(({ state }) => state === "failed").length;
  const all = Array.from({ length: HISTORY_SECONDS }, (_, second) =>
    [...throughput.values()].reduce((sum, seconds) => sum + (seconds[second] ?? 0), 0),
  );
  return (
    <section className={styles.totals} aria-label="All mirrors">
      <Figure value={count(rows)} label={`rows in ${String(mirrors.length)} mirrors`} />
      <Figure value={count(received)} label="changes received" />
      <Figure
        value={count(failed)}
        label={failed === 1 ? "mirror failed" : "mirrors failed"}
        bad={failed > 0}
      />
      <RateChart throughput={all} wide />
    </section>
  );
}

function Figure({ value, label, bad = false }: { value: string; label: string; bad?: boolean }) {
  return (
    <p className={styles.figure} data-bad={bad || undefined}>
      <b>{value}</b> {label}
    </p>
  );
}
