import { useEffect, useRef, useState } from "react";
import type { MirrorStatus } from "../core/wire/views.js";
import { STATES } from "./states.js";

/** Tells a screen reader when a mirror changes its state: nothing at first, and no ticking of clocks. */
export function StateAnnouncer({ mirrors }: { mirrors: readonly Pick<MirrorStatus, "name" | "state">[] }) {
  const known = useRef<ReadonlyMap<string, MirrorStatus["state"]> | null>(null);
  const [news, setNews] = useState("");
  useEffect(() => {
    const before = known.current;
    known.current = new Map(mirrors.map(({ name, state }) => [name, state]));
    if (before === null) return;
    const changed = mirrors.filter(({ name, state }) => before.has(name) && before.get(name) !== state);
    if (changed.length > 0)
      setNews(changed.map(({ name, state }) => `${name}: ${STATES[state].label}.`).join(" "));
  }, [mirrors]);
  return (
    <p className="csi-hidden" role="status">
      {news}
    </p>
  );
}
