import { useId } from "react";
import type { MirrorStatus } from "../core/wire/views.js";
import { Audit } from "./Audit.js";
import { Drift } from "./Drift.js";
import { useNow, useOperation } from "./hooks.js";
import { useImportFunctions } from "./ImportProvider.js";
import { Disclosure } from "./parts.js";
import { Quarantine } from "./Quarantine.js";
import { RowsPlot } from "./RowsPlot.js";
import { RunHistory, RunProgress } from "./RunHistory.js";
import { progressOf, STATES } from "./states.js";
import { badgeWords, duration, number, sinceMs } from "./words.js";

/** One mirror: state, reason, what to do, rows over time, and details to open. */
export function MirrorCard({ mirror, mayOperate }: { mirror: MirrorStatus; mayOperate: boolean }) {
  const functions = useImportFunctions();
  const now = useNow();
  const titleId = useId();
  const { label, tone } = STATES[mirror.state];
  const progress = progressOf(mirror);
  return (
    <article className="csi-card" data-csi-tone={tone} aria-labelledby={titleId}>
      <header className="csi-card-head">
        <div>
          <h3 id={titleId}>{mirror.name}</h3>
          <p className="csi-muted">
            from <code>{mirror.source}</code>
            {mirror.owner !== null && <> · {mirror.owner}</>}
          </p>
        </div>
        <p className="csi-state">
          <i className="csi-dot" aria-hidden="true" />
          {label}
        </p>
      </header>
      <p className="csi-reason">{mirror.reason}</p>
      {tone !== "good" && tone !== "busy" && <p className="csi-hint">{mirror.hint}</p>}
      {mirror.lastError !== null &&
        mirror.state === "failed" &&
        !mirror.lastError.endsWith(mirror.reason) && (
          <p className="csi-muted">Last error: {mirror.lastError}</p>
        )}
      {progress !== null && <RunProgress mirror={mirror.name} progress={progress} />}
      <div className="csi-rows">
        <p>
          <b>{number(mirror.rows)}</b> {mirror.rows === 1 ? "row" : "rows"}
          <span className="csi-muted csi-behind" suppressHydrationWarning>
            {badgeWords(mirror, now)}
          </span>
        </p>
        <RowsPlot mirror={mirror} now={now} />
      </div>
      <MirrorFacts mirror={mirror} now={now} />
      <div className="csi-more">
        <Disclosure label="Runs" about={mirror.name} shown={functions.runs !== undefined}>
          {() => <RunHistory mirror={mirror.name} />}
        </Disclosure>
        <Disclosure
          label="Quarantine"
          about={mirror.name}
          amount={mirror.quarantined}
          tone="warn"
          shown={functions.quarantine !== undefined}
        >
          {() => <Quarantine mirror={mirror.name} quarantined={mirror.quarantined} mayOperate={mayOperate} />}
        </Disclosure>
        <Disclosure
          label="Drift"
          about={mirror.name}
          amount={mirror.drift}
          tone="warn"
          shown={functions.drift !== undefined}
        >
          {() => <Drift mirror={mirror.name} mayOperate={mayOperate} />}
        </Disclosure>
        <Disclosure
          label="Audit"
          about={mirror.name}
          shown={mayOperate && functions.auditReport !== undefined}
        >
          {() => <Audit mirror={mirror.name} />}
        </Disclosure>
      </div>
      {mayOperate && <PauseButton mirror={mirror} />}
    </article>
  );
}

const SYNC_MODES: Readonly<Record<string, string>> = {
  append: "Append",
  append_dedup: "Append + dedup",
  overwrite: "Full refresh",
};

/** The facts of a mirror. */
function MirrorFacts({ mirror, now }: { mirror: MirrorStatus; now: number }) {
  const applied = sinceMs(mirror.lastAppliedAt, now);
  const facts: readonly [name: string, value: string, title?: string | null][] = [
    [
      "Lag",
      mirror.lagMs === null ? "–" : lag(mirror.lagMs),
      "From the commit at the source to the commit here",
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

/** Pauses a mirror, or resumes it. */
function PauseButton({ mirror: { name, state } }: { mirror: MirrorStatus }) {
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
