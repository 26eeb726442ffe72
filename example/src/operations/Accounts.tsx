import { count } from "../lib/format";
import type { Mirror } from "../lib/types";
import styles from "./Accounts.module.css";

const OUTCOMES = ["inserted", "updated", "unchanged", "deleted", "stale", "ignored", "quarantined"] as const;

interface AccountsProps {
  total: Mirror["total"];
  /** Rows that full refreshes took away. */
  removed: number;
  /** Rows that came by another way than a delivery. */
  copied: number;
  rows: number;
}

/** Every change received is one of these; nothing disappears. The bar shows the shares, the list the numbers. */
export function Accounts({ total, removed, copied, rows }: AccountsProps) {
  const accounted = OUTCOMES.reduce((sum, outcome) => sum + total[outcome], 0);
  const balanced = accounted === total.received && rows === total.inserted - total.deleted - removed + copied;
  return (
    <section className={styles.accounts}>
      <header>
        <h3>
          <b>{count(total.received)}</b> changes received
        </h3>
        {total.received > 0 && (
          <p data-balanced={balanced}>{balanced ? "All accounted for" : "Numbers do not add up"}</p>
        )}
      </header>
      <div className={styles.bar} aria-hidden="true">
        {OUTCOMES.map(
          (outcome) =>
            total[outcome] > 0 && (
              <i key={outcome} data-outcome={outcome} style={{ flexGrow: total[outcome] }} />
            ),
        )}
      </div>
      <dl>
        {OUTCOMES.map((outcome) => (
          <div key={outcome} data-none={total[outcome] === 0 || undefined}>
            <dt>
              <i data-outcome={outcome} aria-hidden="true" />
              {outcome}
            </dt>
            <dd>{count(total[outcome])}</dd>
          </div>
        ))}
        {removed > 0 && (
          <div>
            <dt>removed by refreshes</dt>
            <dd>{count(removed)}</dd>
          </div>
        )}
      </dl>
    </section>
  );
}
