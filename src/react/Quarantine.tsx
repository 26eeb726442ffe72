import type { FunctionReturnType } from "convex/server";
import { useState } from "react";
import type { MirrorStatus } from "../core/wire/views.js";
import { pageOf } from "../core/docs.js";
import { useAnswer, useOperation } from "./hooks.js";
import { useImportFunctions, type ImportFunction } from "./ImportProvider.js";
import { Ago, Notice, Snippet } from "./parts.js";
import { count, number } from "../core/words.js";
import { keyWords } from "./words.js";

type Quarantined = Pick<MirrorStatus, "name" | "primaryKey" | "quarantined">;

interface QuarantineProps {
  mirror: Quarantined;
  mayOperate: boolean;
  now: number;
}

/** The quarantined changes of a mirror, by reason, and the actions. Only operators see rows. */
export function Quarantine({ mirror, mayOperate, now }: QuarantineProps) {
  const { quarantined } = mirror;
  if (quarantined === 0) return <p className="csi-muted">Nothing in quarantine.</p>;
  if (mayOperate) return <Reasons mirror={mirror} now={now} />;
  return <p className="csi-muted">{count(quarantined, "change")} in quarantine. Only operators see rows.</p>;
}

function Reasons({ mirror, now }: Omit<QuarantineProps, "mayOperate">) {
  const functions = useImportFunctions();
  const answer = useAnswer(functions.quarantineReasons, { mirror: mirror.name });
  if (answer.status === "failed") return <Notice title={answer.message} tone="bad" />;
  const reasons = answer.status === "ready" ? answer.value : [];
  const unexported = functions.quarantineReasons === undefined;
  if (answer.status === "loading" && !unexported) return <p className="csi-muted">Loading …</p>;
  return (
    <>
      {(unexported || reasons.length > 1) && (
        <Replay mirror={mirror.name} label={replayLabel(mirror.quarantined)} />
      )}
      {unexported && <Entries mirror={mirror} total={mirror.quarantined} now={now} />}
      {reasons.length > 0 && (
        <ul className="csi-entries">
          {reasons.map((reason) => (
            <Reason key={reason.reason} mirror={mirror} reason={reason} now={now} />
          ))}
        </ul>
      )}
    </>
  );
}

function replayLabel(changes: number): string {
  return changes === 1 ? "Replay" : `Replay all ${number(changes)}`;
}

/** Tries quarantined changes again, all or those of a reason: after a deploy that makes them fit. */
function Replay({
  mirror,
  label,
  about,
  reason,
}: {
  mirror: string;
  label: string;
  about?: string;
  reason?: string;
}) {
  const replay = useOperation(useImportFunctions().replay);
  const [started, setStarted] = useState(false);
  if (replay === null) return null;
  return (
    <p className="csi-actions">
      <button
        type="button"
        aria-label={about === undefined ? undefined : `${label}: ${about}`}
        disabled={replay.pending}
        onClick={() => {
          void replay.run({ mirror, ...(reason !== undefined && { reason }) }).then((answered) => {
            setStarted(answered !== undefined);
          });
        }}
      >
        {label}
      </button>
      <span className="csi-muted" role="status">
        {replay.error ??
          (started
            ? "Replay started. Changes that can be applied leave the list; the others show the new reason."
            : "")}
      </span>
    </p>
  );
}

type ReasonSummary = FunctionReturnType<ImportFunction<"quarantineReasons">>[number];

/** One reason: how many changes, since when, one of them as an example, the fix, and what can be done. */
function Reason({
  mirror,
  reason: { reason, code, field, changes, firstAt, fix },
  now,
}: {
  mirror: Quarantined;
  reason: ReasonSummary;
  now: number;
}) {
  const discard = useOperation(useImportFunctions().discard);
  const what = field === null ? code : `${code} on ${field}`;
  return (
    <li className="csi-entry">
      <p>
        <a href={pageOf(code)} target="_blank" rel="noreferrer">
          {code}
        </a>
        {field !== null && (
          <>
            {" "}
            on <code>{field}</code>
          </>
        )}
        <span className="csi-muted">
          , {count(changes, "change")}, first <Ago time={firstAt} now={now} />
        </span>
      </p>
      {fix !== null && (
        <>
          <p>
            To let them in, change the field in <code>schema.ts</code>, deploy, then replay:
          </p>
          <Snippet code={fix} label={`Field for ${what}`} />
        </>
      )}
      <div className="csi-actions">
        <Replay mirror={mirror.name} label={replayLabel(changes)} about={what} reason={reason} />
        {discard !== null && changes > 1 && (
          <Confirmed
            label={`Discard all ${number(changes)}`}
            about={what}
            operation={discard}
            run={() => discard.run({ mirror: mirror.name, reason })}
          />
        )}
      </div>
      <Entries mirror={mirror} reason={reason} total={changes} now={now} />
    </li>
  );
}

/** Quarantined changes, a page at a time. */
function Entries({
  mirror,
  reason,
  total,
  now,
}: {
  mirror: Quarantined;
  reason?: string;
  total: number;
  now: number;
}) {
  /** The cursor of each page before the current one. */
  const [pages, setPages] = useState<readonly string[]>([]);
  // One row is enough to see what is wrong.
  const [isOpen, setIsOpen] = useState(false);
  const answer = useAnswer(useImportFunctions().quarantine, {
    mirror: mirror.name,
    after: pages.at(-1),
    ...(reason !== undefined && { reason }),
  });
  if (answer.status === "loading") return <p className="csi-muted">Loading …</p>;
  if (answer.status === "failed") return <Notice title={answer.message} tone="bad" />;
  const entries = answer.value;
  return (
    <>
      <ul className="csi-entries">
        {entries.slice(0, isOpen ? undefined : 1).map((entry) => (
          <QuarantineEntry key={entry.id} entry={entry} primaryKey={mirror.primaryKey} now={now} />
        ))}
      </ul>
      {!isOpen && total > 1 && (
        <p className="csi-actions">
          <button
            type="button"
            onClick={() => {
              setIsOpen(true);
            }}
          >
            Show more rows
          </button>
        </p>
      )}
      {isOpen && (pages.length > 0 || entries.length < total) && (
        <p className="csi-actions">
          <button
            type="button"
            disabled={pages.length === 0}
            onClick={() => {
              setPages(pages.slice(0, -1));
            }}
          >
            Earlier
          </button>
          <button
            type="button"
            disabled={entries.length === 0}
            onClick={() => {
              setPages([...pages, entries.at(-1)!.cursor]);
            }}
          >
            Later
          </button>
        </p>
      )}
    </>
  );
}

type Entry = FunctionReturnType<ImportFunction<"quarantine">>[number];

/** A quarantined change: its key, the reason, the change as received. */
function QuarantineEntry({
  entry: { id, mirror, op, key, code, message, payload, whole, receivedAt },
  primaryKey,
  now,
}: {
  entry: Entry;
  primaryKey: string;
  now: number;
}) {
  const discard = useOperation(useImportFunctions().discard);
  const what = keyWords(key, primaryKey);
  return (
    <li className="csi-row">
      <p>
        <code title={code}>{what}</code>{" "}
        <span className="csi-muted">
          {op}, <Ago time={receivedAt} now={now} />
        </span>
      </p>
      <p className="csi-reason">{message}</p>
      <details className="csi-payload">
        <summary>
          The change<span className="csi-hidden"> of {what}</span>
        </summary>
        <pre tabIndex={0}>{readable(payload)}</pre>
        {!whole && <p className="csi-muted">Too large to store in full: the source must send it again.</p>}
      </details>
      {discard !== null && (
        <Confirmed
          label="Discard"
          about={what}
          operation={discard}
          run={() => discard.run({ mirror, ids: [id] })}
        />
      )}
    </li>
  );
}

/** An action that cannot be undone: it takes two clicks. */
function Confirmed({
  label,
  about,
  operation: { pending, error },
  run,
}: {
  label: string;
  about: string;
  operation: { pending: boolean; error: string | null };
  run: () => Promise<unknown>;
}) {
  const [confirming, setConfirming] = useState(false);
  return (
    <p className="csi-actions">
      {confirming ? (
        <>
          <button
            type="button"
            className="csi-danger"
            disabled={pending}
            onClick={() => {
              void run().then(() => {
                setConfirming(false);
              });
            }}
          >
            {label} permanently
          </button>
          <button
            type="button"
            autoFocus
            onClick={() => {
              setConfirming(false);
            }}
          >
            Keep
          </button>
        </>
      ) : (
        <button
          type="button"
          aria-label={`${label}: ${about}`}
          onClick={() => {
            setConfirming(true);
          }}
        >
          {label} …
        </button>
      )}
      <span role="status">{error}</span>
    </p>
  );
}

/** JSON with one line per field. Incomplete JSON, and numbers that JavaScript would round, are shown as received. */
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
