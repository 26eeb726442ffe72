import type { ReactNode } from "react";
import styles from "./Split.module.css";

/** A page with a list, and beside it what belongs to the list. */
export function Split({ head, rail, children }: { head: ReactNode; rail: ReactNode; children: ReactNode }) {
  return (
    <div className={styles.split}>
      <section className={styles.list}>
        <div className={styles.head}>{head}</div>
        {children}
      </section>
      {rail}
    </div>
  );
}
