import { STATES } from "./states.js";
import type { Theme } from "./theme.js";
import { useMirrorStatus } from "./useMirrorStatus.js";
import { useNow } from "./useNow.js";
import { badgeWords } from "./words.js";

export interface MirrorBadgeProps {
  /** The mirror: the name of the app's table. */
  mirror: string;
  /** What to call it; null for nothing but its state. Default: its name. */
  label?: string | null;
  theme?: Theme;
  className?: string;
}

/** How one mirror is doing, in a few words: "orders live, 3 s behind". */
export function MirrorBadge({ mirror, label = mirror, theme, className }: MirrorBadgeProps) {
  const answer = useMirrorStatus(mirror);
  const now = useNow();
  const status = answer.status === "ready" ? answer.value : null;
  const tone = status === null ? "idle" : STATES[status.state].tone;
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
      {/* Time goes on between the server's rendering and the browser's. */}
      <span suppressHydrationWarning>{words}</span>
    </span>
  );
}
