import type { MirrorStatus } from "../core/wire/views.js";
import { useImportFunctions } from "./ImportProvider.js";
import { useOperation } from "./hooks.js";

/** Refuses deliveries for a mirror, or takes them again. */
export function PauseButton({ mirror: { name, state } }: { mirror: MirrorStatus }) {
  const functions = useImportFunctions();
  const pause = useOperation(functions.pause);
  const resume = useOperation(functions.resume);
  const paused = state === "paused";
  const operation = paused ? resume : pause;
  if (operation === null || state === "removed") return null;
  return (
    <footer className="csi-actions">
      <button
        type="button"
        aria-label={`${paused ? "Resume" : "Pause"} ${name}`}
        disabled={operation.pending}
        onClick={() => {
          void operation.run({ mirror: name });
        }}
      >
        {paused ? "Resume" : "Pause"}
      </button>
      <span role="status">{operation.error}</span>
    </footer>
  );
}
