import { useState } from "react";
import { useImportFunctions } from "./ImportProvider.js";
import { Notice } from "./Notice.js";
import { QuarantineEntry } from "./QuarantineEntry.js";
import { useAnswer } from "./useAnswer.js";
import { useOperation } from "./hooks.js";
import { count } from "./words.js";

interface QuarantineProps {
  mirror: string;
  quarantined: number;
  mayOperate: boolean;
}

/** The changes of a mirror that wait: why, what they are, and what can be done. Rows are for operators only. */
export function Quarantine({ mirror, quarantined, mayOperate }: QuarantineProps) {
  if (quarantined === 0) return <p className="csi-muted">Nothing waits.</p>;
  if (mayOperate) return <Entries mirror={mirror} quarantined={quarantined} />;
  return (
    <p className="csi-muted">
      {count(quarantined, "change")} {quarantined === 1 ? "waits" : "wait"}; only operators see rows.
    </p>
  );
}

function Entries({ mirror, quarantined }: Omit<QuarantineProps, "mayOperate">) {
  const functions = useImportFunctions();
  /** Last ids of the pages before the one that is shown. */
  const [pages, setPages] = useState<readonly string[]>([]);
  const [replaying, setReplaying] = useState(false);
  const answer = useAnswer(functions.quarantine, { mirror, after: pages.at(-1) });
  const replay = useOperation(functions.replay);
  if (answer.status === "loading") return <p className="csi-muted">Loading …</p>;
  if (answer.status === "failed") return <Notice title={answer.message} tone="bad" />;
  const entries = answer.value;
  return (
    <>
      {replay !== null && (
        <p className="csi-actions">
          <button
            type="button"
            disabled={replay.pending}
            onClick={() => {
              void replay.run({ mirror }).then((answered) => {
                setReplaying(answered !== undefined);
              });
            }}
          >
            Replay {quarantined === 1 ? "it" : `all ${String(quarantined)}`}
          </button>
          <span className="csi-muted" role="status">
            {replay.error ??
              (replaying
                ? "Under way: what can be applied now leaves the list, the others say why not."
                : "")}
          </span>
        </p>
      )}
      <ul className="csi-entries">
        {entries.map((entry) => (
          <QuarantineEntry key={entry.id} entry={entry} />
        ))}
      </ul>
      {(pages.length > 0 || entries.length < quarantined) && (
        <p className="csi-actions">
          <button
            type="button"
            disabled={pages.length === 0}
            onClick={() => {
              setPages(pages.slice(0, -1));
            }}
          >
            Earlier
          </button>
          <button
            type="button"
            disabled={entries.length === 0}
            onClick={() => {
              setPages([...pages, entries.at(-1)!.id]);
            }}
          >
            Later
          </button>
        </p>
      )}
    </>
  );
}
