import { useImportStatus } from "convex-streaming-import/react";
import { useEffect, useRef, useState } from "react";
import { count } from "../lib/format";

/** Often enough to know that the board is alive, seldom enough to read it in peace. */
const ANNOUNCE_EVERY_MS = 8000;

/** Tells people who do not see the board that it changed. */
export function LiveAnnouncer() {
  const status = useImportStatus();
  const mirrors = status.status === "ready" ? status.value.mirrors : undefined;
  const [text, setText] = useState("");
  const latest = useRef(mirrors);
  latest.current = mirrors;

  useEffect(() => {
    let told: Map<string, number> | null = null;
    const timer = setInterval(() => {
      const mirrors = latest.current;
      if (mirrors === undefined) return;
      const known = told;
      told = new Map(mirrors.map(({ name, total }) => [name, total.received]));
      if (known === null) return;
      const changed = mirrors.filter(({ name, total }) => total.received !== known.get(name));
      if (changed.length === 0) return;
      setText(changed.map(({ name, rows }) => `${name} updated, ${count(rows)} rows`).join("; "));
    }, ANNOUNCE_EVERY_MS);
    return () => {
      clearInterval(timer);
    };
  }, []);

  return (
    <div className="sr-only" role="status" aria-live="polite">
      {text}
    </div>
  );
}
