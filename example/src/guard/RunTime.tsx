import { ConvexError } from "convex/values";
import { useConvex } from "convex/react";
import { MIRROR_IS_READ_ONLY, type MirrorIsReadOnlyData } from "convex-streaming-import/guard";
import { useState } from "react";
import { errorText } from "../lib/errorText";
import type { Attempt } from "./attempts";
import { Layer } from "./Layer";
import layer from "./Layer.module.css";
import styles from "./RunTime.module.css";

/** How the deployed function answered. */
type Outcome =
  { kind: "refused"; by: MirrorIsReadOnlyData } | { kind: "failed"; message: string } | { kind: "written" };

/** The layer that is asked here and now: the button runs the program in the deployment. */
export function RunTime({ attempt }: { attempt: Attempt }) {
  const { run } = attempt;
  const convex = useConvex();
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [running, setRunning] = useState(false);

  if (run === null) {
    return (
      <Layer name="Run time" by="not deployed" verdict="Would be written" stops={false}>
        <p>
          No guard stands behind Convex’s own builder, so the program must not be deployed. The audit finds
          what came past all layers.
        </p>
      </Layer>
    );
  }

  const start = async (): Promise<void> => {
    setRunning(true);
    try {
      await run(convex);
      setOutcome({ kind: "written" });
    } catch (error) {
      setOutcome(outcomeOf(error));
    } finally {
      setRunning(false);
    }
  };

  const verdict = { none: "Not asked yet", refused: "Refused", failed: "Failed", written: "Written" };
  return (
    <Layer
      name="Run time"
      by="the deployed function"
      verdict={verdict[outcome?.kind ?? "none"]}
      stops={outcome?.kind === "refused"}
    >
      {outcome === null && <p>Deployed with casts in the place of its type errors.</p>}
      <div role="status">
        {outcome?.kind === "refused" && (
          <details>
            <summary className={layer.code}>
              <b>{outcome.by.code}</b>{" "}
              <span>
                {outcome.by.operation} on {outcome.by.table}
              </span>
            </summary>
            <p className={layer.message}>{outcome.by.message}</p>
            <p className={styles.remedy}>
              <b>Remedy</b> {outcome.by.remedy}
            </p>
          </details>
        )}
        {outcome?.kind === "failed" && <p className={styles.failed}>{outcome.message}</p>}
        {outcome?.kind === "written" && (
          <p className={styles.failed}>The mirror was written. That is a bug.</p>
        )}
      </div>
      <button type="button" className={styles.run} disabled={running} onClick={() => void start()}>
        {outcome === null ? "Run it" : "Run it again"}
      </button>
    </Layer>
  );
}

function outcomeOf(error: unknown): Outcome {
  if (error instanceof ConvexError) {
    const data = error.data as Partial<MirrorIsReadOnlyData> | string;
    if (typeof data === "object" && data.code === MIRROR_IS_READ_ONLY) {
      return { kind: "refused", by: data as MirrorIsReadOnlyData };
    }
  }
  return { kind: "failed", message: errorText(error) };
}
