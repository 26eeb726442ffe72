import type { FunctionReturnType } from "convex/server";
import { useState } from "react";
import type { ImportFunction } from "./functions.js";
import { useImportFunctions } from "./ImportProvider.js";
import { useOperation } from "./hooks.js";
import { moment } from "./words.js";

type Entry = FunctionReturnType<ImportFunction<"quarantine">>[number];

/** A change that waits, and the way to give it up: in two steps, for it is gone then. */
export function QuarantineEntry({ entry }: { entry: Entry }) {
  const { id, mirror, op, key, code, message, payload, whole, receivedAt } = entry;
  const discard = useOperation(useImportFunctions().discard);
  const [asked, setAsked] = useState(false);
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
        {!whole && <p className="csi-muted">Too large to keep whole: the source has to send it again.</p>}
      </details>
      {discard !== null && (
        <p className="csi-actions">
          {asked ? (
            <>
              <button
                type="button"
                className="csi-danger"
                disabled={discard.pending}
                onClick={() => {
                  void discard.run({ mirror, ids: [id] });
                }}
              >
                Discard for good
              </button>
              <button
                type="button"
                autoFocus
                onClick={() => {
                  setAsked(false);
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
                setAsked(true);
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

/** JSON with a line for each field. What is no whole JSON is shown as it came, and so are numbers that would change. */
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
