import { useQuery } from "convex/react";
import { useState } from "react";
import { api } from "../../convex/_generated/api";
import { Rail } from "../app/Rail";
import { Split } from "../app/Split";
import type { Route } from "../lib/router";
import { WatchCard } from "./WatchCard";
import styles from "./WatchlistPage.module.css";

/** Flights that somebody keeps an eye on: our rows, joined to the mirror as it is now. */
export function WatchlistPage({ route }: { route: Extract<Route, { page: "watchlist" }> }) {
  const watched = useQuery(api.watchlist.list);
  const [hovered, setHovered] = useState<string | null>(null);
  return (
    <Split
      head={
        <>
          <h1>Watchlist</h1>
          <p className={styles.count}>{watched !== undefined && watched.length > 0 && summary(watched)}</p>
        </>
      }
      rail={<Rail route={route} flights={watched?.flatMap(({ now }) => now ?? []) ?? []} hovered={hovered} />}
    >
      {watched?.length === 0 && (
        <p className={styles.empty}>
          Nothing is watched. Press the star of a flight on the <a href="#/">board</a>, and everybody sees it
          here with what becomes of its delay, even if the source deletes it.
        </p>
      )}
      <ul
        className={styles.cards}
        onMouseLeave={() => {
          setHovered(null);
        }}
      >
        {watched?.map((watch) => (
          <WatchCard key={watch.id} watch={watch} route={route} onHover={setHovered} />
        ))}
      </ul>
    </Split>
  );
}

function summary(watched: readonly { now: unknown }[]): string {
  const gone = watched.filter(({ now }) => now === null).length;
  const flights = watched.length === 1 ? "1 flight" : `${String(watched.length)} flights`;
  return gone === 0 ? flights : `${flights}, ${String(gone)} no longer in the source`;
}
