import { useImportFunctions } from "./ImportProvider.js";
import { Snippet } from "./Snippet.js";
import { useAnswer } from "./useAnswer.js";
import { useOperation } from "./hooks.js";
import { count } from "./words.js";

/** Streams that connectors send and no mirror is declared for, with the code to add. */
export function UnknownStreams({ streams, mayOperate }: { streams: number; mayOperate: boolean }) {
  const functions = useImportFunctions();
  const answer = useAnswer(functions.unknownStreams, {});
  const forget = useOperation(functions.forgetStream);
  return (
    <section className="csi-notice csi-unknown" data-csi-tone="warn" aria-label="Streams without a mirror">
      <strong>{count(streams, "stream")} without a mirror</strong>
      {answer.status === "failed" && <p>{answer.message}</p>}
      {answer.status === "ready" &&
        answer.value.map(({ stream, snippet, times }) => (
          <details key={stream}>
            <summary>
              <code>{stream}</code> <span className="csi-muted">sent {count(times, "time")}</span>
            </summary>
            <p>
              Add to <code>schema.ts</code>, and deploy:
            </p>
            <Snippet code={snippet} label={`Mirror for ${stream}`} />
            {mayOperate && forget !== null && (
              <p className="csi-actions">
                <button
                  type="button"
                  disabled={forget.pending}
                  onClick={() => {
                    void forget.run({ stream });
                  }}
                >
                  Forget it
                </button>
                <span role="status">{forget.error}</span>
              </p>
            )}
          </details>
        ))}
    </section>
  );
}
