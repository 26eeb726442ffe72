import { useImport } from "../app/Import";
import { count } from "../lib/format";
import type { Mirror } from "../lib/types";
import { MirrorCard } from "./MirrorCard";
import styles from "./OperationsPage.module.css";

/** How the import is doing, for those who run it. */
export function OperationsPage() {
  const { mirrors, throughput } = useImport();
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <h1>Operations</h1>
        {mirrors !== undefined && mirrors.length > 0 && <p>{summary(mirrors)}</p>}
      </header>
      {mirrors?.length === 0 && (
        <p className={styles.empty}>
          No mirror is declared yet. The first request of a connector declares them; so does{" "}
          <code>npx convex run imports:declare</code>.
        </p>
      )}
      <div className={styles.cards}>
        {mirrors?.map((mirror) => (
          <MirrorCard key={mirror.name} mirror={mirror} throughput={throughput.get(mirror.name) ?? []} />
        ))}
      </div>
    </div>
  );
}

function summary(mirrors: readonly Mirror[]): string {
  const rows = mirrors.reduce((sum, mirror) => sum + mirror.rows, 0);
  const received = mirrors.reduce((sum, mirror) => sum + mirror.total.received, 0);
  return `${count(rows)} rows in ${String(mirrors.length)} mirrors, from ${count(received)} changes`;
}
