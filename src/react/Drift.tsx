import { useImportFunctions } from "./ImportProvider.js";
import { Notice } from "./Notice.js";
import { Snippet } from "./Snippet.js";
import { useAnswer } from "./useAnswer.js";
import { useOperation } from "./hooks.js";

/** What the source of a mirror sends that its schema does not expect: as the lines to paste. */
export function Drift({ mirror, mayOperate }: { mirror: string; mayOperate: boolean }) {
  const functions = useImportFunctions();
  const answer = useAnswer(functions.drift, { mirror });
  const forget = useOperation(functions.forgetDrift);
  if (answer.status === "loading") return <p className="csi-muted">Loading …</p>;
  if (answer.status === "failed") return <Notice title={answer.message} tone="bad" />;
  const { entries, snippet } = answer.value;
  if (entries.length === 0) return <p className="csi-muted">The source sends what the schema expects.</p>;
  return (
    <>
      <p>
        Paste into the fields of <code>{mirror}</code> in <code>schema.ts</code>, and deploy:
      </p>
      <Snippet code={snippet} label={`Fields to add to ${mirror}`} />
      {mayOperate && forget !== null && (
        <p className="csi-actions">
          <button
            type="button"
            disabled={forget.pending}
            onClick={() => {
              void forget.run({ mirror });
            }}
          >
            Done, forget these
          </button>
          <span role="status">{forget.error}</span>
        </p>
      )}
    </>
  );
}
