import type { Progress } from "./progress.js";
import { count } from "./words.js";

/** How far a load or a refresh has come. */
export function RunProgress({ mirror, progress }: { mirror: string; progress: Progress }) {
  const { received, share, phase } = progress;
  const words =
    phase === "sweeping"
      ? `${count(received, "row")} received; removing those that are gone`
      : share === null
        ? `${count(received, "row")} received`
        : `${count(received, "row")} received, about ${String(Math.round(share * 100))} %`;
  return (
    <div className="csi-progress">
      <progress aria-label={`Refresh of ${mirror}`} max={1} value={share ?? undefined} />
      <p>{words}</p>
    </div>
  );
}
