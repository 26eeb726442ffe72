import { useId } from "react";
import { MirrorCard } from "./MirrorCard.js";
import { Notice } from "./Notice.js";
import { StateAnnouncer } from "./StateAnnouncer.js";
import type { Theme } from "./theme.js";
import { UnknownStreams } from "./UnknownStreams.js";
import { useImportStatus } from "./useImportStatus.js";
import { count } from "./words.js";

export interface ImportPanelProps {
  /** Only these mirrors, in this order. Default: all that are declared, by name. */
  mirrors?: readonly string[];
  title?: string;
  theme?: Theme;
  className?: string;
}

/** How all imports are doing, for those who run them: states, progress, history, and what waits for a person. */
export function ImportPanel({ mirrors: shown, title = "Imports", theme, className }: ImportPanelProps) {
  const answer = useImportStatus();
  const listed = answer.status === "ready" ? listedOf(answer.value.mirrors, shown) : [];
  const titleId = useId();
  return (
    <section
      className={`csi-root csi-panel${className === undefined ? "" : ` ${className}`}`}
      data-csi-theme={theme}
      aria-labelledby={titleId}
      aria-busy={answer.status === "loading" || undefined}
    >
      <header className="csi-panel-head">
        <h2 id={titleId}>{title}</h2>
        {answer.status === "ready" && <Summary mirrors={listed} />}
      </header>
      {answer.status === "loading" && (
        <div className="csi-skeleton">
          <p>Loading …</p>
        </div>
      )}
      {answer.status === "failed" && <Failed {...answer} />}
      {answer.status === "ready" && <Mirrors {...answer.value} mirrors={listed} />}
    </section>
  );
}

type Status = Extract<ReturnType<typeof useImportStatus>, { status: "ready" }>["value"];

/** The mirrors of these names, in this order; all without names. */
function listedOf(mirrors: Status["mirrors"], names: readonly string[] | undefined): Status["mirrors"] {
  return names === undefined
    ? mirrors
    : names.flatMap((name) => mirrors.find((mirror) => mirror.name === name) ?? []);
}

function Mirrors({ mirrors, unknownStreams, mayOperate }: Status) {
  return (
    <>
      <StateAnnouncer mirrors={mirrors} />
      {mirrors.length === 0 && (
        <Notice title="No mirror is declared yet">
          The first request of a connector declares those of <code>schema.ts</code>; so does{" "}
          <code>npx convex run imports:declare</code>.
        </Notice>
      )}
      {unknownStreams > 0 && <UnknownStreams streams={unknownStreams} mayOperate={mayOperate} />}
      <div className="csi-cards">
        {mirrors.map((mirror) => (
          <MirrorCard key={mirror.name} mirror={mirror} mayOperate={mayOperate} />
        ))}
      </div>
    </>
  );
}

function Summary({ mirrors }: Pick<Status, "mirrors">) {
  const failed = mirrors.filter(({ state }) => state === "failed" || state === "stale").length;
  const waiting = mirrors.reduce((sum, { quarantined }) => sum + quarantined, 0);
  return (
    <p className="csi-summary">
      {count(mirrors.length, "mirror")}
      {failed > 0 && <strong data-csi-tone="bad"> · {String(failed)} in trouble</strong>}
      {waiting > 0 && <strong data-csi-tone="warn"> · {count(waiting, "change")} in quarantine</strong>}
    </p>
  );
}

function Failed({ code, message }: { code: string | null; message: string }) {
  const refused = code === "NotAuthorized";
  return (
    <Notice
      tone={refused ? "idle" : "bad"}
      title={refused ? "Not for you to see" : "The status could not be read"}
    >
      {message}
    </Notice>
  );
}
