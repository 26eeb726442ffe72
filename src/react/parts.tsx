import { useState, type ReactNode } from "react";
import type { Tone } from "./states.js";
import { number } from "../core/words.js";
import { duration, exactly, sinceMs } from "./words.js";

/** A message in place of content. */
export function Notice({
  title,
  tone = "idle",
  children,
}: {
  title: string;
  tone?: Tone;
  children?: ReactNode;
}) {
  return (
    <div className="csi-notice" data-csi-tone={tone} role={tone === "bad" ? "alert" : undefined}>
      <strong>{title}</strong>
      <p>{children}</p>
    </div>
  );
}

interface DisclosureProps {
  label: string;
  /** The mirror, for screen readers: "Runs of orders". */
  about: string;
  /** How many entries there are; 0 shows no number. */
  amount?: number;
  /** The colour of the amount. */
  tone?: Tone;
  shown: boolean;
  initiallyOpen?: boolean;
  /** The content. It queries the deployment only while it is open. */
  children: () => ReactNode;
}

/** A section that opens. */
export function Disclosure({
  label,
  about,
  amount = 0,
  tone = "idle",
  shown,
  initiallyOpen = false,
  children,
}: DisclosureProps) {
  const [open, setOpen] = useState(initiallyOpen);
  if (!shown) return null;
  return (
    <details
      className="csi-disclosure"
      open={open}
      onToggle={(event) => {
        setOpen(event.currentTarget.open);
      }}
    >
      <summary>
        {label}
        <span className="csi-hidden"> of {about}</span>
        {amount > 0 && (
          <span className="csi-amount" data-csi-tone={tone}>
            {number(amount)}
          </span>
        )}
      </summary>
      {open && <div className="csi-disclosed">{children()}</div>}
    </details>
  );
}

interface MissingDeclarationProps {
  /** Where the lines belong: "Add to …". */
  place: ReactNode;
  code: string;
  label: string;
  /** What hides them until they are sent again. Null for those who may not. */
  forget: { pending: boolean; error: string | null } | null;
  onDismiss: () => void;
}

/** Lines of schema.ts that the source asks for, to paste or to dismiss. */
export function MissingDeclaration({ place, code, label, forget, onDismiss }: MissingDeclarationProps) {
  return (
    <>
      <p>Add to {place}, then deploy:</p>
      <Snippet code={code} label={label} />
      {forget !== null && (
        <p className="csi-actions">
          <button type="button" disabled={forget.pending} onClick={onDismiss}>
            Dismiss
          </button>
          <span role="status">{forget.error}</span>
        </p>
      )}
    </>
  );
}

/** Code to paste. */
export function Snippet({ code, label }: { code: string; label: string }) {
  const [copied, setCopied] = useState<"no" | "yes" | "failed">("no");
  return (
    <div className="csi-snippet">
      {/* It may scroll, so it takes the focus. */}
      <pre tabIndex={0} role="region" aria-label={label}>
        {code}
      </pre>
      <button
        type="button"
        aria-label={`Copy: ${label}`}
        onClick={() => {
          copy(code).then(
            () => {
              setCopied("yes");
            },
            () => {
              setCopied("failed");
            },
          );
        }}
      >
        Copy
      </button>
      <span className="csi-muted" role="status">
        {copied === "yes"
          ? "Copied"
          : copied === "failed"
            ? "Could not copy: select the text and copy it"
            : ""}
      </span>
    </div>
  );
}

/** @throws when the page has no clipboard (no https), or the reader denies it. */
async function copy(text: string): Promise<void> {
  await navigator.clipboard.writeText(text);
}

/** A time relative to now; the exact time shows on hover. */
export function Ago({ time, now }: { time: string; now: number }) {
  return (
    <time dateTime={time} title={exactly(time)} suppressHydrationWarning>
      {duration(sinceMs(time, now)!)} ago
    </time>
  );
}

/** The state of something: a coloured dot and its name. */
export function State({ label, tone }: { label: string; tone: Tone }) {
  return (
    <span className="csi-state" data-csi-tone={tone}>
      <i className="csi-dot" aria-hidden="true" />
      {label}
    </span>
  );
}
