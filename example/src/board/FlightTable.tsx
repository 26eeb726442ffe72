import { keyText, sameFlight } from "../lib/flightKey";
import type { Route } from "../lib/router";
import type { Flight } from "../lib/types";
import { useArrivals } from "../lib/useArrivals";
import { DelayScale } from "./DelayBar";
import { FlightRow } from "./FlightRow";
import styles from "./FlightTable.module.css";

export interface FlightTableProps {
  caption: string;
  route: Route;
  /** Undefined while loading. */
  flights: readonly Flight[] | undefined;
  /** Names what is listed; rows of another list have not arrived, they are just others. */
  list: string;
  empty: string;
  /** On the page of an airport: the end that every row shares is left out. */
  direction?: "departures" | "arrivals";
  onHover?: (flight: string | null) => void;
  onMore?: () => void;
}

export function FlightTable({
  caption,
  route,
  flights,
  list,
  empty,
  direction,
  onHover,
  onMore,
}: FlightTableProps) {
  const arrivals = useArrivals(
    flights?.map(({ key }) => keyText(key)),
    list,
  );
  return (
    <div className={styles.scroller}>
      <table className={styles.table} data-direction={direction} aria-busy={flights === undefined}>
        <caption className={direction === undefined ? "sr-only" : styles.caption}>{caption}</caption>
        <thead>
          <tr>
            <th scope="col" className={styles.when}>
              {direction === undefined ? "Departs" : "Date"}
            </th>
            {direction !== "departures" && <th scope="col">From</th>}
            {direction !== "arrivals" && <th scope="col">To</th>}
            {direction === undefined && (
              <th scope="col" className={styles.distance}>
                Miles
              </th>
            )}
            <th scope="col" className={styles.delay}>
              {direction === undefined ? <DelayScale /> : "Delay"}
            </th>
            <th scope="col" className={styles.ours}>
              <span className="sr-only">Notes and watchlist</span>
            </th>
          </tr>
        </thead>
        <tbody
          onMouseLeave={() => {
            onHover?.(null);
          }}
        >
          {flights?.map((flight) => {
            const key = keyText(flight.key);
            return (
              <FlightRow
                key={key}
                flight={flight}
                route={route}
                direction={direction}
                fresh={arrivals.has(key)}
                selected={sameFlight(route.flight, flight.key)}
                onHover={onHover}
              />
            );
          })}
        </tbody>
      </table>
      {flights === undefined && <p className={styles.note}>Loading flights …</p>}
      {flights?.length === 0 && <p className={styles.note}>{empty}</p>}
      {onMore !== undefined && (
        <button type="button" className={styles.more} onClick={onMore}>
          Show more flights
        </button>
      )}
    </div>
  );
}
