import type { FunctionReturnType } from "convex/server";
import type { MirrorStatus } from "../core/wire/views.js";
import { useAnswer, useOperation } from "./hooks.js";
import { useImportFunctions, type ImportFunction } from "./ImportProvider.js";
import { Ago, Notice } from "./parts.js";
import { count } from "../core/words.js";
import { keyWords } from "./words.js";

type Report = NonNullable<FunctionReturnType<ImportFunction<"auditReport">>>;

/** The most findings listed; the others are counted. */
const MAX_LISTED = 50;

const STATES: Readonly<Record<string, string>> = {
  equal: "As imported",
  differs: "Differs",
  repaired: "Repaired",
};

interface AuditProps {
  mirror: Pick<MirrorStatus, "name" | "primaryKey">;
  now: number;
}

/** Finds rows that were written outside the importer, and repairs them. */
export function Audit({ mirror: { name: mirror, primaryKey }, now }: AuditProps) {
  const functions = useImportFunctions();
  const answer = useAnswer(functions.auditReport, { mirror });
  const audit = useOperation(functions.audit);
  const repair = useOperation(functions.repair);
  if (answer.status === "loading") return <p className="csi-muted">Loading …</p>;
  if (answer.status === "failed") return <Notice title={answer.message} tone="bad" />;
  const report = answer.value;
  return (
    <>
      {report === null ? (
        <p className="csi-muted">Never audited.</p>
      ) : (
        <Findings report={report} primaryKey={primaryKey} now={now} />
      )}
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

function Findings({
  report: { state, reason, finishedAt, startedAt, findings },
  primaryKey,
  now,
}: {
  report: Report;
  primaryKey: string;
  now: number;
}) {
  return (
    <>
      <p role="status">
        <strong>{STATES[state] ?? state}</strong> {reason}{" "}
        <span className="csi-muted">
          <Ago time={finishedAt ?? startedAt} now={now} />
        </span>
      </p>
      {findings.length > 0 && (
        <ul className="csi-entries">
          {findings.slice(0, MAX_LISTED).map(({ kind, key }, i) => (
            <li key={i}>
              {kind} <code>{keyWords(key, primaryKey)}</code>
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
