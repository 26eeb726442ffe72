import type { Throughput } from "../app/Import";
import { ago, count } from "../lib/format";
import type { Mirror } from "../lib/types";
import { useNow } from "../lib/useNow";
import { Accounts } from "./Accounts";
import styles from "./MirrorCard.module.css";
import { RateChart } from "./RateChart";
import { STATES } from "./states";

const SYNC_MODES: Record<string, string> = {
  append: "Append",
  append_dedup: "Append, deduplicated by key",
  overwrite: "Full refresh",
};

/** One mirror: its state and why, its rows, and what became of every change it received. */
export function MirrorCard({ mirror, throughput }: { mirror: Mirror; throughput: Throughput }) {
  const now = useNow();
  const { label, tone } = STATES[mirror.state];
  const applied = mirror.lastAppliedAt === null ? null : Date.parse(mirror.lastAppliedAt);
  return (
    <article className={styles.card} aria-labelledby={`mirror-${mirror.name}`}>
      <header className={styles.head}>
        <div>
          <h2 id={`mirror-${mirror.name}`}>{mirror.name}</h2>
          <p className={styles.source}>
            from <code>{mirror.source}</code>
          </p>
        </div>
        <span className={styles.state} data-tone={tone}>
          {label}
        </span>
      </header>
      <p className={styles.reason}>{mirror.reason}</p>
      {mirror.lastError !== null && (
        <p className={styles.error}>
          <strong>Last error</strong> {mirror.lastError}
        </p>
      )}
      <div className={styles.numbers}>
        <p className={styles.rows}>
          <b>{count(mirror.rows)}</b> {mirror.rows === 1 ? "row" : "rows"}
        </p>
        <RateChart throughput={throughput} />
      </div>
      <Accounts total={mirror.total} removed={mirror.removed} copied={mirror.copied} rows={mirror.rows} />
      <dl className={styles.facts}>
        <div>
          <dt>Last change</dt>
          <dd title={mirror.lastAppliedAt ?? undefined}>{applied === null ? "never" : ago(applied, now)}</dd>
        </div>
        <div>
          <dt>Key</dt>
          <dd>{mirror.primaryKey}</dd>
        </div>
        <div>
          <dt>Sync mode</dt>
          <dd>{mirror.syncMode === null ? "–" : (SYNC_MODES[mirror.syncMode] ?? mirror.syncMode)}</dd>
        </div>
        <div>
          <dt>Full refreshes</dt>
          <dd>{mirror.generation}</dd>
        </div>
      </dl>
    </article>
  );
}
