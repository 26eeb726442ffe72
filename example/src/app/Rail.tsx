import { ImportPanel } from "convex-streaming-import/react";
import { FlightPanel } from "../flight/FlightPanel";
import { RecentNotes } from "../flight/RecentNotes";
import { RouteMap } from "../map/RouteMap";
import { keyText } from "../lib/flightKey";
import type { Route } from "../lib/router";
import type { Flight, Place } from "../lib/types";
import styles from "./Rail.module.css";
import { RailWatchlist } from "./RailWatchlist";

/** The mirrors that the board is made of. */
const SHOWN = ["flights", "airports"];

interface RailProps {
  route: Route;
  /** What the list shows: the map draws it. */
  flights: readonly Flight[];
  hovered: string | null;
  /** The airport that the page is about. */
  focus?: Place;
}

/** Beside a list: where its flights go, and the flight that is open. */
export function Rail({ route, flights, hovered, focus }: RailProps) {
  return (
    <aside className={styles.rail} data-page={route.page}>
      <div className={styles.map}>
        <RouteMap
          flights={flights}
          highlighted={hovered ?? (route.flight === null ? null : keyText(route.flight))}
          focus={focus}
        />
      </div>
      {route.flight === null ? (
        <>
          {route.page === "board" && <ImportPanel mirrors={SHOWN} className={styles.panel} />}
          {route.page !== "watchlist" && <RailWatchlist route={route} />}
          <RecentNotes route={route} />
        </>
      ) : (
        <FlightPanel key={keyText(route.flight)} route={route} flight={route.flight} />
      )}
    </aside>
  );
}
