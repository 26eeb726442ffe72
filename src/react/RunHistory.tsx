import { useState } from "react";
import { useAnswer } from "./hooks.js";
import { useImportFunctions } from "./ImportProvider.js";
import { Ago, Notice } from "./parts.js";
import type { Progress } from "./states.js";
import { count, number } from "../core/words.js";

/** Runs shown at first (each click doubles them), and the most that the query returns. */
const PAGE = 10;
const MOST = 100;

/** The newest runs of a mirror, as a table. */
export function RunHistory({ mirror, now }: { mirror: string; now: number }) {
  const [limit, setLimit] = useState(PAGE);
  const answer = useAnswer(useImportFunctions().runs, { mirror, limit });
  if (answer.status === "loading") return <p className="csi-muted">Loading …</p>;
  if (answer.status === "failed") return <Notice title={answer.message} tone="bad" />;
  const runs = answer.value;
  if (runs.length === 0) return <p className="csi-muted">No runs yet.</p>;
  return (
    <>
      {/* It may scroll sideways, so it takes the focus. */}
      <div className="csi-scroll" role="region" tabIndex={0} aria-label={`Runs of ${mirror}`}>
        <table>
          <thead>
            <tr>
              <th scope="col">Began</th>
              <th scope="col">State</th>
              <th scope="col" className="csi-number">
                Received
              </th>
              <th scope="col" className="csi-number">
                Written
              </th>
              <th scope="col" className="csi-number">
                Removed
              </th>
              <th scope="col" className="csi-number">
                Quarantined
              </th>
            </tr>
          </thead>
          <tbody>
            {runs.map(({ id, startedAt, state, reason, counts, swept }) => (
              <tr key={id} title={reason}>
                <th scope="row">
                  <Ago time={startedAt} now={now} />
                </th>
                <td>{state}</td>
                <td className="csi-number">{number(counts.received)}</td>
                <td className="csi-number">{number(counts.inserted + counts.updated)}</td>
                <td className="csi-number">{number(counts.deleted + swept)}</td>
                <td className="csi-number">{number(counts.quarantined)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {runs.length === limit && limit < MOST && (
        <button
          type="button"
          onClick={() => {
            setLimit(Math.min(limit * 2, MOST));
          }}
        >
          Show older runs
        </button>
      )}
    </>
  );
}

/** The progress of a load or a refresh. */
export function RunProgress({ mirror, progress }: { mirror: string; progress: Progress }) {
  const { received, share, phase } = progress;
  const words =
    phase === "sweeping"
      ? `${count(received, "row")} received; removing rows that the source no longer has`
      : share === null
        ? `${count(received, "row")} received`
        : `${count(received, "row")} received, about ${String(Math.round(share * 100))} %`;
  return (
    <div className="csi-progress">
      <progress aria-label={`Refresh of ${mirror}`} max={1} value={share ?? undefined} />
      <p>{words}</p>
    </div>
  );
}
