import type { MirrorStatus } from "../core/wire/views.js";
import { duration, sinceMs } from "./words.js";

const SYNC_MODES: Readonly<Record<string, string>> = {
  append: "Append",
  append_dedup: "Append, by key",
  overwrite: "Full refresh",
};

/** What there is to know of a mirror, name by name. */
export function MirrorFacts({ mirror, now }: { mirror: MirrorStatus; now: number }) {
  const applied = sinceMs(mirror.lastAppliedAt, now);
  const facts: readonly [name: string, value: string, title?: string | null][] = [
    [
      "Lag",
      mirror.lagMs === null ? "–" : lag(mirror.lagMs),
      "From the source's commit to being readable here",
    ],
    ["Last change", applied === null ? "never" : `${duration(applied)} ago`, mirror.lastAppliedAt],
    ["Last run", mirror.lastRun?.replace(/ (?:at|since) \S+$/, "") ?? "–", mirror.lastRun],
    ["Mode", mirror.syncMode === null ? "–" : (SYNC_MODES[mirror.syncMode] ?? mirror.syncMode)],
    ["Key", mirror.primaryKey],
    ["Policy", mirror.policy, `Rows that do not fit: ${mirror.policy}; deleted rows: ${mirror.deletes}`],
  ];
  return (
    <dl className="csi-facts">
      {facts.map(([name, value, title]) => (
        <div key={name} title={title ?? undefined}>
          <dt>{name}</dt>
          <dd suppressHydrationWarning>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function lag(ms: number): string {
  return ms < 1_000 ? `${String(Math.round(ms))} ms` : duration(ms);
}
