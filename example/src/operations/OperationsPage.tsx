import { useImport } from "../app/Import";
import { MirrorCard } from "./MirrorCard";
import styles from "./OperationsPage.module.css";
import { Totals } from "./Totals";

/** How the import is doing, for those who run it. */
export function OperationsPage() {
  const { mirrors, throughput } = useImport();
  return (
    <div className={styles.page}>
      <h1 className={styles.head}>Operations</h1>
      {mirrors !== undefined && mirrors.length > 0 && <Totals mirrors={mirrors} throughput={throughput} />}
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
