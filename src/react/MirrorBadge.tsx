import { useMirrorStatus, useNow } from "./hooks.js";
import { TONES } from "./states.js";
import { badgeWords, type Theme } from "./words.js";

/** Properties of {@link MirrorBadge}. */
export interface MirrorBadgeProps {
  /** The mirror: the name of the app's table. */
  mirror: string;
  /** The label; null shows only the state. Default: the mirror's name. */
  label?: string | null;
  /** Default: as the system is set. */
  theme?: Theme;
  /** A class of your own for the element. */
  className?: string;
}

/**
 * The status of one mirror in a few words: "orders live, 3 s behind", "orders last rows 2 d ago".
 *
 * @param props What to show, and how.
 */
export function MirrorBadge({ mirror, label = mirror, theme, className }: MirrorBadgeProps) {
  const answer = useMirrorStatus(mirror);
  const now = useNow();
  const status = answer.status === "ready" ? answer.value : null;
  const tone = status === null ? "idle" : TONES[status.state];
  const words =
    answer.status === "loading"
      ? "…"
      : answer.status === "failed"
        ? "unknown"
        : status === null
          ? "not declared yet"
          : badgeWords(status, now);
  const title = answer.status === "failed" ? answer.message : status?.reason;
  return (
    <span
      className={`csi-root csi-badge${className === undefined ? "" : ` ${className}`}`}
      data-csi-tone={tone}
      data-csi-theme={theme}
      aria-busy={answer.status === "loading" || undefined}
      title={title}
    >
      <i className="csi-dot" aria-hidden="true" />
      {label !== null && <b className="csi-badge-name">{label}</b>}
      {/* The browser renders later than the server. */}
      <span suppressHydrationWarning>{words}</span>
    </span>
  );
}
