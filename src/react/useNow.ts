import { useSyncExternalStore } from "react";

/** How often words about time are read again, in milliseconds. Nothing is asked of the server for it. */
const TICK_MS = 1_000;

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let current = 0;

function tick(): void {
  current = Date.now();
  for (const listener of listeners) listener();
}

/** One timer for all words on the page. */
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(tick, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The same for all readers until the next tick; a page that has had no reader for a while starts afresh. */
function read(): number {
  if (timer === undefined || Date.now() - current > TICK_MS) current = Date.now();
  return current;
}

/** The time, in milliseconds since 1970, once a second. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, read, read);
}
