import { useId } from "react";
import type { MirrorStatus } from "../core/wire/views.js";
import { Audit } from "./Audit.js";
import { Disclosure } from "./parts.js";
import { Drift } from "./Drift.js";
import { useImportFunctions } from "./ImportProvider.js";
import { MirrorFacts } from "./MirrorFacts.js";
import { PauseButton } from "./PauseButton.js";
import { progressOf } from "./progress.js";
import { Quarantine } from "./Quarantine.js";
import { RowsPlot } from "./RowsPlot.js";
import { RunHistory } from "./RunHistory.js";
import { RunProgress } from "./RunProgress.js";
import { STATES } from "./states.js";
import { useNow } from "./useNow.js";
import { badgeWords, number } from "./words.js";

/** One mirror: its state, why and what to do, its rows over time, and what there is to look into. */
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
