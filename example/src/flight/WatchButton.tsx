import { useMutation } from "convex/react";
import { useState } from "react";
import { api } from "../../convex/_generated/api";
import type { FlightKey } from "../lib/flightKey";
import { useAuthor } from "../lib/useAuthor";
import styles from "./WatchButton.module.css";

/** Puts a flight on the watchlist or takes it off. */
export function WatchButton({
  flight,
  watched,
  withText = false,
}: {
  flight: FlightKey;
  watched: boolean;
  withText?: boolean;
}) {
  const add = useMutation(api.watchlist.add);
  const remove = useMutation(api.watchlist.remove);
  const [author] = useAuthor();
  // Until the queries have caught up, the button shows what was asked for.
  const [wanted, setWanted] = useState<{ from: boolean; to: boolean } | null>(null);
  const shown = wanted !== null && wanted.from === watched ? wanted.to : watched;

  const toggle = async (): Promise<void> => {
    setWanted({ from: watched, to: !shown });
    try {
      await (shown ? remove({ flight }) : add({ flight, addedBy: author }));
    } catch {
      setWanted(null);
    }
  };

  const label = shown ? "Watched" : "Watch";
  return (
    <button
      type="button"
      className={withText ? styles.wide : styles.star}
      aria-pressed={shown}
      aria-label={withText ? undefined : `Watch ${flight.origin} to ${flight.destination}`}
      title={withText ? undefined : shown ? "Stop watching" : "Watch this flight"}
      onClick={() => void toggle()}
    >
      <svg viewBox="0 0 20 20" width="17" height="17" aria-hidden="true">
        <path d="M10 2.6l2.2 4.7 5.1.6-3.8 3.5 1 5.1-4.5-2.6-4.5 2.6 1-5.1L2.7 7.9l5.1-.6z" />
      </svg>
      {withText && label}
    </button>
  );
}
