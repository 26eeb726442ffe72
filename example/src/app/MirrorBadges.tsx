import { MirrorBadge, useImportStatus } from "convex-streaming-import/react";
import { useConvexConnectionState } from "convex/react";
import { hrefOf } from "../lib/router";
import styles from "./MirrorBadges.module.css";

/** The mirrors that have rows, at a glance: whether each is live, and how far behind its source. */
export function MirrorBadges() {
  const status = useImportStatus();
  const { isWebSocketConnected, hasEverConnected } = useConvexConnectionState();
  if (hasEverConnected && !isWebSocketConnected) {
    return (
      <p className={styles.offline} role="status">
        Reconnecting …
      </p>
    );
  }
  const mirrors = status.status === "ready" ? status.value.mirrors : [];
  return (
    <a className={styles.badges} href={hrefOf({ page: "operations", flight: null })}>
      <span className="sr-only">Mirrors:</span>
      {mirrors
        .filter(({ state }) => state !== "removed" && state !== "waiting")
        .map(({ name }) => (
          <MirrorBadge key={name} mirror={name} />
        ))}
    </a>
  );
}
