import { useState } from "react";
import { useImportFunctions } from "./ImportProvider.js";
import { Notice } from "./Notice.js";
import { useAnswer } from "./useAnswer.js";
import { moment, number } from "./words.js";

/** Runs shown at first, and more with each click; no more than a query gives. */
const PAGE = 10;
const MOST = 100;

/** The newest runs of a mirror, as a table. */
export function RunHistory({ mirror }: { mirror: string }) {
  const [limit, setLimit] = useState(PAGE);
  const answer = useAnswer(useImportFunctions().runs, { mirror, limit });
  if (answer.status === "loading") return <p className="csi-muted">Loading …</p>;
  if (answer.status === "failed") return <Notice title={answer.message} tone="bad" />;
  const runs = answer.value;
  if (runs.length === 0) return <p className="csi-muted">No run yet.</p>;
  return (
    <>
      {/* It may scroll sideways: the keyboard must get there, too. */}
      <div className="csi-scroll" role="region" tabIndex={0} aria-label={`Runs of ${mirror}`}>
        <table>
          <thead>
            <tr>
              <th scope="col">Began</th>
              <th scope="col">State</th>
              <th scope="col">Received</th>
              <th scope="col">Written</th>
              <th scope="col">Removed</th>
              <th scope="col">Quarantined</th>
            </tr>
          </thead>
          <tbody>
            {runs.map(({ id, startedAt, state, reason, counts, swept }) => (
              <tr key={id} title={reason}>
                <th scope="row">
                  <time dateTime={startedAt}>{moment(startedAt)}</time>
                </th>
                <td>{state}</td>
                <td>{number(counts.received)}</td>
                <td>{number(counts.inserted + counts.updated)}</td>
                <td>{number(counts.deleted + swept)}</td>
                <td>{number(counts.quarantined)}</td>
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
          Older runs
        </button>
      )}
    </>
  );
}
