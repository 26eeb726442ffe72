import { ImportPanel } from "convex-streaming-import/react";
import styles from "./OperationsPage.module.css";

/** How the import is doing, for those who run it: the package's panel, in the colours of this page. */
export function OperationsPage() {
  return (
    <div className={styles.page}>
      <h1 className={styles.head}>Operations</h1>
      <ImportPanel title="Mirrors" className={styles.panel} />
    </div>
  );
}
