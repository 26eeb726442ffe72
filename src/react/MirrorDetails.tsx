import { useEffect, useId, useRef, type ReactNode } from "react";
import type { MirrorStatus } from "../core/wire/views.js";
import { Audit } from "./Audit.js";
import { Drift } from "./Drift.js";
import { useNow, useOperation } from "./hooks.js";
import { useImportFunctions } from "./ImportProvider.js";
import { Ago, Disclosure, State } from "./parts.js";
import { Plot } from "./Plot.js";
import { Quarantine } from "./Quarantine.js";
import { RunHistory, RunProgress } from "./RunHistory.js";
import { progressOf, shownState, TONES } from "./states.js";
import { number, RESENDING } from "../core/words.js";
import { behindMs, duration, lagWords } from "./words.js";

interface MirrorDetailsProps {
  mirror: MirrorStatus;
  mayOperate: boolean;
  onClose: () => void;
}

/**
 * The details of one mirror in a drawer at the side of the page. The browser's own modal dialog: it holds the focus,
 * closes with Escape, and no layout of the page can cut it.
 */
export function MirrorDrawer({ mirror, mayOperate, onClose }: MirrorDetailsProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    if (dialog.current?.open === false) dialog.current.showModal();
  }, []);
  const close = () => dialog.current?.close();
  return (
    <dialog
      ref={dialog}
      className="csi-drawer"
      aria-labelledby={titleId}
      onClose={onClose}
      onClick={(event) => {
        // A click on the dialog itself is one on its backdrop: its content fills it.
        if (event.target === event.currentTarget) close();
      }}
    >
      <article className="csi-details">
        <header className="csi-details-head">
          <h3 id={titleId}>{mirror.name}</h3>
          <State {...shownState(mirror)} />
          <button type="button" className="csi-close" aria-label="Close" onClick={close}>
            <span aria-hidden="true">×</span>
          </button>
        </header>
        <MirrorDetails mirror={mirror} mayOperate={mayOperate} />
      </article>
    </dialog>
  );
}

/** What there is to know and to do about a mirror: reason, progress, plot, facts, and sections that open. */
export function MirrorDetails({ mirror, mayOperate }: Omit<MirrorDetailsProps, "onClose">) {
  const functions = useImportFunctions();
  const now = useNow();
  const { name, state, reason, hint, lastError, quarantined, drift, resending } = mirror;
  const tone = TONES[state];
  const progress = progressOf(mirror);
  return (
    <>
      <div className="csi-why">
        <p className="csi-reason">{reason}</p>
        {tone !== "good" && tone !== "busy" && <p className="csi-hint">{hint}</p>}
        {lastError !== null && state === "failed" && !lastError.endsWith(reason) && (
          <p className="csi-muted">Last error: {lastError}</p>
        )}
        {resending && <p className="csi-hint">{RESENDING}</p>}
      </div>
      {progress !== null && <RunProgress mirror={name} progress={progress} />}
      <Plot mirror={mirror} now={now} />
      <Facts mirror={mirror} now={now} />
      {mayOperate && mirror.held !== null && <HeldSweep mirror={mirror.name} reason={mirror.held} />}
      {mayOperate && <PauseButton mirror={mirror} />}
      <div className="csi-more">
        <Disclosure
          label="Quarantine"
          about={name}
          amount={quarantined}
          tone="warn"
          shown={functions.quarantine !== undefined}
          initiallyOpen={quarantined > 0}
        >
          {() => <Quarantine mirror={mirror} mayOperate={mayOperate} now={now} />}
        </Disclosure>
        <Disclosure
          label="Drift"
          about={name}
          amount={drift}
          tone="warn"
          shown={functions.drift !== undefined}
          initiallyOpen={drift > 0}
        >
          {() => <Drift mirror={mirror} mayOperate={mayOperate} />}
        </Disclosure>
        <Disclosure label="Runs" about={name} shown={functions.runs !== undefined} initiallyOpen>
          {() => (
            <>
              <RunHistory mirror={name} now={now} />
              {mayOperate && mirror.generation > 0 && (
                <StartOver mirror={name} generation={mirror.generation} />
              )}
            </>
          )}
        </Disclosure>
        <Disclosure label="Audit" about={name} shown={mayOperate && functions.auditReport !== undefined}>
          {() => <Audit mirror={mirror} now={now} />}
        </Disclosure>
      </div>
    </>
  );
}

const SYNC_MODES: Readonly<Record<string, string>> = {
  append: "Append",
  append_dedup: "Append + dedup",
  overwrite: "Full refresh",
};

/** The facts of a mirror, each once. */
function Facts({ mirror, now }: { mirror: MirrorStatus; now: number }) {
  const { source, owner, rows, lagMs, lastAppliedAt, lastHeardAt, syncMode, primaryKey, policy, deletes } =
    mirror;
  const behind = behindMs(mirror, now);
  const facts: readonly [name: string, value: ReactNode][] = [
    ["Source", <code key="source">{source}</code>],
    ["Owner", owner ?? "–"],
    ["Rows", number(rows)],
    ["Behind", behind === null ? "–" : duration(behind)],
    ["Lag", lagMs === null ? "–" : lagWords(lagMs)],
    ["Last change", lastAppliedAt === null ? "–" : <Ago time={lastAppliedAt} now={now} />],
    ["Last contact", lastHeardAt === null ? "–" : <Ago time={lastHeardAt} now={now} />],
    ["Sync mode", syncMode === null ? "–" : (SYNC_MODES[syncMode] ?? syncMode)],
    ["Primary key", <code key="key">{primaryKey}</code>],
    ["Drift policy", policy],
    ["Deletes", deletes],
  ];
  return (
    <dl className="csi-facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd suppressHydrationWarning>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Lets a held sweep delete what its refresh did not deliver. */
function HeldSweep({ mirror, reason }: { mirror: string; reason: string }) {
  const sweep = useOperation(useImportFunctions().sweep);
  if (sweep === null) return null;
  return (
    <p className="csi-actions">
      <button
        type="button"
        aria-label={`Delete what the refresh did not deliver: ${mirror}`}
        title={reason}
        disabled={sweep.pending}
        onClick={() => {
          void sweep.run({ mirror });
        }}
      >
        Delete what the refresh did not deliver
      </button>
      <span role="status">{sweep.error}</span>
    </p>
  );
}

/** Lets a sender whose refreshes are refused as old count them from 1 again. */
function StartOver({ mirror, generation }: { mirror: string; generation: number }) {
  const reset = useOperation(useImportFunctions().resetGeneration);
  if (reset === null) return null;
  return (
    <p className="csi-actions">
      <button
        type="button"
        aria-label={`Start the count over: ${mirror}`}
        disabled={reset.pending}
        onClick={() => {
          void reset.run({ mirror });
        }}
      >
        Start the count over
      </button>
      <span className="csi-muted" role="status">
        {reset.error ??
          `Refresh ${number(generation)} was the last. Only if the sender counts from 1 again and is refused (StaleGeneration).`}
      </span>
    </p>
  );
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
    <p className="csi-actions">
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
    </p>
  );
}
