import { useEffect, useId, useRef, useState } from "react";
import type { MirrorStatus } from "../core/wire/views.js";
import { useAnswer, useImportStatus, useOperation } from "./hooks.js";
import { useImportFunctions } from "./ImportProvider.js";
import { MirrorDrawer } from "./MirrorDetails.js";
import { MirrorList } from "./MirrorList.js";
import { MissingDeclaration, Notice } from "./parts.js";
import { Readers } from "./Readers.js";
import { byUrgency, overviewOf } from "./states.js";
import { capitalised, count, STATE_WORDS } from "../core/words.js";
import { type Theme } from "./words.js";

/** Properties of {@link ImportPanel}. */
export interface ImportPanelProps {
  /** Only these mirrors, in this order. Default: all that are declared; those that need attention come first. */
  mirrors?: readonly string[];
  /** The heading. Default: "Imports". */
  title?: string;
  /** Default: as the system is set. */
  theme?: Theme;
  /** A class of your own for the outermost element. */
  className?: string;
}

/**
 * The status of all imports: states, progress, history, and what needs attention.
 *
 * @param props What to show, and how.
 */
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
        {answer.status === "ready" && <Overview mirrors={listed} />}
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

/** The mirrors with these names, in this order; without names all, what needs attention first. */
function listedOf(mirrors: Status["mirrors"], names: readonly string[] | undefined): Status["mirrors"] {
  return names === undefined
    ? byUrgency(mirrors)
    : names.flatMap((name) => mirrors.find((mirror) => mirror.name === name) ?? []);
}

function Mirrors({ mirrors, unknownStreams, mayOperate }: Status) {
  const [opened, setOpened] = useState<string | null>(null);
  const shown = mirrors.find(({ name }) => name === opened);
  return (
    <>
      <StateAnnouncer mirrors={mirrors} />
      {mirrors.length === 0 && (
        <Notice title="No mirrors yet">
          The connector's first request declares the mirrors of <code>schema.ts</code>. To declare them now,
          run <code>npx convex run imports:declare</code>.
        </Notice>
      )}
      {unknownStreams > 0 && <UnknownStreams streams={unknownStreams} mayOperate={mayOperate} />}
      {mirrors.length > 0 && <MirrorList mirrors={mirrors} onOpen={setOpened} />}
      <Readers />
      {shown !== undefined && (
        <MirrorDrawer
          key={shown.name}
          mirror={shown}
          mayOperate={mayOperate}
          onClose={() => {
            setOpened(null);
          }}
        />
      )}
    </>
  );
}

/** The mirrors in one line: "2 need attention · 28 healthy". */
function Overview({ mirrors }: Pick<Status, "mirrors">) {
  return (
    <p className="csi-summary">
      {overviewOf(mirrors).map(({ tone, words }) => (
        <span key={tone} data-csi-tone={tone}>
          {words}
        </span>
      ))}
    </p>
  );
}

function Failed({ code, message }: { code: string | null; message: string }) {
  const refused = code === "NotAuthorized";
  return (
    <Notice tone={refused ? "idle" : "bad"} title={refused ? "No access" : "Could not load the status"}>
      {message}
    </Notice>
  );
}

/** Announces changes of state to screen readers: not the first state, and no times. */
function StateAnnouncer({ mirrors }: { mirrors: readonly Pick<MirrorStatus, "name" | "state">[] }) {
  const known = useRef<ReadonlyMap<string, MirrorStatus["state"]> | null>(null);
  const [announcement, setAnnouncement] = useState("");
  useEffect(() => {
    const before = known.current;
    known.current = new Map(mirrors.map(({ name, state }) => [name, state]));
    if (before === null) return;
    const changed = mirrors.filter(({ name, state }) => before.has(name) && before.get(name) !== state);
    if (changed.length > 0)
      setAnnouncement(
        changed.map(({ name, state }) => `${name}: ${capitalised(STATE_WORDS[state])}.`).join(" "),
      );
  }, [mirrors]);
  return (
    <p className="csi-hidden" role="status">
      {announcement}
    </p>
  );
}

/** Streams that a connector sends and no mirror declares, with the code to add. */
function UnknownStreams({ streams, mayOperate }: { streams: number; mayOperate: boolean }) {
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
            <MissingDeclaration
              place={<code>schema.ts</code>}
              code={snippet}
              label={`Mirror for ${stream}`}
              forget={mayOperate ? forget : null}
              onDismiss={() => {
                void forget?.run({ stream });
              }}
            />
          </details>
        ))}
    </section>
  );
}
