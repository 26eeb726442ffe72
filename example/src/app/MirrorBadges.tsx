import { useConvexConnectionState } from "convex/react";
import { ago, count } from "../lib/format";
import { hrefOf } from "../lib/router";
import type { Mirror } from "../lib/types";
import { useNow } from "../lib/useNow";
import { STATES } from "../operations/states";
import { useImport } from "./Import";
import styles from "./MirrorBadges.module.css";

/** The mirrors at a glance: state, rows, and how long ago the last change came. */
export function MirrorBadges() {
  const { mirrors } = useImport();
  const { isWebSocketConnected, hasEverConnected } = useConvexConnectionState();
  if (hasEverConnected && !isWebSocketConnected) {
    return (
      <p className={styles.offline} role="status">
        Reconnecting …
      </p>
    );
  }
  const used = (mirrors ?? []).filter(({ state }) => state !== "removed");
  return (
    <a className={styles.badges} href={hrefOf({ page: "operations", flight: null })}>
      <span className="sr-only">Mirrors:</span>
      {used.map((mirror) => (
        <Badge key={mirror.name} mirror={mirror} />
      ))}
    </a>
  );
}

function Badge({ mirror }: { mirror: Mirror }) {
  const now = useNow();
  const { label, tone } = STATES[mirror.state];
  const applied = mirror.lastAppliedAt === null ? null : Date.parse(mirror.lastAppliedAt);
  const active = applied !== null && now - applied < 3000;
  return (
    <span className={styles.badge} title={`${mirror.name}: ${label}. ${mirror.reason}`}>
      <i className={styles.dot} data-tone={tone} data-active={active || undefined} aria-hidden="true" />
      <span>
        <span className={styles.name}>
          {mirror.name} <b>{count(mirror.rows)}</b>
        </span>
        <span className={styles.when}>
          {applied === null ? (
            label.toLowerCase()
          ) : (
            <>
              <span className={styles.prefix}>updated </span>
              {ago(applied, now)}
            </>
          )}
        </span>
      </span>
    </span>
  );
}
