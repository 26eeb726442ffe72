import type { FunctionReturnType } from "convex/server";
import { useAnswer, useOperation } from "./hooks.js";
import { useImportFunctions, type ImportFunction } from "./ImportProvider.js";
import { Notice } from "./parts.js";
import { count, moment } from "./words.js";

type Report = NonNullable<FunctionReturnType<ImportFunction<"auditReport">>>;

/** The most findings listed; the others are counted. */
const MAX_LISTED = 50;

/** Finds rows that were written outside the importer, and repairs them. */
export function Audit({ mirror }: { mirror: string }) {
  const functions = useImportFunctions();
  const answer = useAnswer(functions.auditReport, { mirror });
  const audit = useOperation(functions.audit);
  const repair = useOperation(functions.repair);
  if (answer.status === "loading") return <p className="csi-muted">Loading …</p>;
  if (answer.status === "failed") return <Notice title={answer.message} tone="bad" />;
  const report = answer.value;
  return (
    <>
      {report === null ? <p className="csi-muted">Never audited.</p> : <Findings report={report} />}
      <p className="csi-actions">
        {audit !== null && (
          <button
            type="button"
            disabled={audit.pending || report?.state === "walking"}
            aria-label={`Audit ${mirror}`}
            onClick={() => {
              void audit.run({ mirror });
            }}
          >
            Audit now
          </button>
        )}
        {repair !== null && report?.state === "differs" && (
          <button
            type="button"
            disabled={repair.pending}
            aria-label={`Repair ${mirror}`}
            onClick={() => {
              void repair.run({ mirror, removeAdded: true });
            }}
          >
            Repair: remove added rows, request the others from the source
          </button>
        )}
        <span role="status">{audit?.error ?? repair?.error}</span>
      </p>
    </>
  );
}

function Findings({ report: { state, reason, finishedAt, startedAt, findings } }: { report: Report }) {
  return (
    <>
      <p role="status">
        <strong>{state === "equal" ? "As imported" : state === "differs" ? "Differs" : state}</strong>{" "}
        {reason}{" "}
        <time className="csi-muted" dateTime={finishedAt ?? startedAt}>
          {moment(finishedAt ?? startedAt)}
        </time>
      </p>
      {findings.length > 0 && (
        <ul className="csi-entries">
          {findings.slice(0, MAX_LISTED).map(({ kind, key }, i) => (
            <li key={i}>
              {kind} <code>{key ?? "a row without a key"}</code>
            </li>
          ))}
        </ul>
      )}
      {findings.length > MAX_LISTED && (
        <p className="csi-muted">and {count(findings.length - MAX_LISTED, "other")}</p>
      )}
    </>
  );
}
