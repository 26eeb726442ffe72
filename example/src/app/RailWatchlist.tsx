import { useQuery } from "convex/react";
import { api } from "../../convex/_generated/api";
import { Delay } from "../board/Delay";
import { keyText } from "../lib/flightKey";
import { day, time } from "../lib/format";
import { hrefOf, type Route } from "../lib/router";
import type { Watch } from "../lib/types";
import { useChange } from "../lib/useChange";
import styles from "./RailWatchlist.module.css";

const SHOWN = 5;

/** The newest entries of the watchlist, small, beside every list. */
export function RailWatchlist({ route }: { route: Route }) {
  const watched = useQuery(api.watchlist.list);
  if (watched === undefined || watched.length === 0) return null;
  return (
    <section className={styles.watchlist} aria-labelledby="rail-watchlist">
      <header>
        <h2 id="rail-watchlist">Watchlist</h2>
        {watched.length > SHOWN && (
          <a href={hrefOf({ page: "watchlist", flight: null })}>All {watched.length}</a>
        )}
      </header>
      <ul>
        {watched.slice(0, SHOWN).map((watch) => (
          <Entry key={keyText(watch.key)} watch={watch} route={route} />
        ))}
      </ul>
    </section>
  );
}

function Entry({ watch: { key, now }, route }: { watch: Watch; route: Route }) {
  const change = useChange(now?.delay ?? 0);
  return (
    <li data-flash={change.times === 0 ? undefined : change.times % 2 === 0 ? "even" : "odd"}>
      <a href={hrefOf({ ...route, flight: key })}>
        <span>
          <span className="iata">{key.origin}</span> to <span className="iata">{key.destination}</span>
        </span>
        <span className={styles.when}>
          {day(key.date)} {time(key.date)}
        </span>
        {now === null ? (
          <span className={styles.gone}>deleted</span>
        ) : (
          <Delay minutes={now.delay} change={change} />
        )}
      </a>
    </li>
  );
}
