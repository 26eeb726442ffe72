import { useAnswer, useOperation } from "./hooks.js";
import type { MirrorStatus } from "../core/wire/views.js";
import { useImportFunctions } from "./ImportProvider.js";
import { MissingDeclaration, Notice } from "./parts.js";

/** Fields that the source sends and the schema does not declare, as lines to paste. */
export function Drift({
  mirror: { name: mirror, quarantined },
  mayOperate,
}: {
  mirror: Pick<MirrorStatus, "name" | "quarantined">;
  mayOperate: boolean;
}) {
  const functions = useImportFunctions();
  const answer = useAnswer(functions.drift, { mirror });
  const forget = useOperation(functions.forgetDrift);
  if (answer.status === "loading") return <p className="csi-muted">Loading …</p>;
  if (answer.status === "failed") return <Notice title={answer.message} tone="bad" />;
  const { entries, snippet } = answer.value;
  if (entries.length === 0)
    return (
      <p className="csi-muted">
        {quarantined === 0
          ? "The source matches the schema."
          : "No differences but those of the rows in quarantine."}
      </p>
    );
  return (
    <MissingDeclaration
      place={
        <>
          the fields of <code>{mirror}</code> in <code>schema.ts</code>
        </>
      }
      code={snippet}
      label={`Fields to add to ${mirror}`}
      forget={mayOperate ? forget : null}
      onDismiss={() => {
        void forget?.run({ mirror });
      }}
    />
  );
}
