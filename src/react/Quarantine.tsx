import type { FunctionReturnType } from "convex/server";
import { useState } from "react";
import { useAnswer, useOperation } from "./hooks.js";
import { useImportFunctions, type ImportFunction } from "./ImportProvider.js";
import { Notice } from "./parts.js";
import { count, moment } from "./words.js";

interface QuarantineProps {
  mirror: string;
  quarantined: number;
  mayOperate: boolean;
}

/** The quarantined changes of a mirror: the reason, the change, and the actions. Only operators see rows. */
export function Quarantine({ mirror, quarantined, mayOperate }: QuarantineProps) {
  if (quarantined === 0) return <p className="csi-muted">Nothing in quarantine.</p>;
  if (mayOperate) return <Entries mirror={mirror} quarantined={quarantined} />;
  return <p className="csi-muted">{count(quarantined, "change")} in quarantine. Only operators see rows.</p>;
}

function Entries({ mirror, quarantined }: Omit<QuarantineProps, "mayOperate">) {
  const functions = useImportFunctions();
  /** The last id of each page before the current one. */
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
            {quarantined === 1 ? "Replay" : `Replay all ${String(quarantined)}`}
          </button>
          <span className="csi-muted" role="status">
            {replay.error ??
              (replaying
                ? "Replay started. Changes that can be applied leave the list; the others show the new reason."
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

type Entry = FunctionReturnType<ImportFunction<"quarantine">>[number];

/** A quarantined change. Discarding takes two clicks, because it cannot be undone. */
function QuarantineEntry({ entry }: { entry: Entry }) {
  const { id, mirror, op, key, code, message, payload, whole, receivedAt } = entry;
  const discard = useOperation(useImportFunctions().discard);
  const [confirming, setConfirming] = useState(false);
  const what = key ?? "a row without a key";
  return (
    <li className="csi-entry">
      <p>
        <strong>{code}</strong> <span className="csi-muted">{op}</span> <code>{what}</code>{" "}
        <time className="csi-muted" dateTime={receivedAt}>
          {moment(receivedAt)}
        </time>
      </p>
      <p className="csi-reason">{message}</p>
      <details className="csi-payload">
        <summary>
          The change<span className="csi-hidden"> of {what}</span>
        </summary>
        <pre tabIndex={0}>{readable(payload)}</pre>
        {!whole && <p className="csi-muted">Too large to store in full: the source must send it again.</p>}
      </details>
      {discard !== null && (
        <p className="csi-actions">
          {confirming ? (
            <>
              <button
                type="button"
                className="csi-danger"
                disabled={discard.pending}
                onClick={() => {
                  void discard.run({ mirror, ids: [id] });
                }}
              >
                Discard permanently
              </button>
              <button
                type="button"
                autoFocus
                onClick={() => {
                  setConfirming(false);
                }}
              >
                Keep
              </button>
            </>
          ) : (
            <button
              type="button"
              aria-label={`Discard ${what}`}
              onClick={() => {
                setConfirming(true);
              }}
            >
              Discard …
            </button>
          )}
          <span role="status">{discard.error}</span>
        </p>
      )}
    </li>
  );
}

/** JSON with one line per field. Incomplete JSON, and numbers that JavaScript would round, are shown as received. */
function readable(payload: string): string {
  try {
    const indented = JSON.stringify(JSON.parse(payload), null, 2);
    return bare(indented) === bare(payload) ? indented : payload;
  } catch {
    return payload;
  }
}

function bare(json: string): string {
  return json.replace(/\s/g, "");
}
