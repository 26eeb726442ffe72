import { memo, useState } from "react";
import { WatchButton } from "../flight/WatchButton";
import { keyText } from "../lib/flightKey";
import { day, delayInWords, time } from "../lib/format";
import { PlaceName } from "../lib/PlaceName";
import { hrefOf, type Route } from "../lib/router";
import type { Flight, Place } from "../lib/types";
import { useChange } from "../lib/useChange";
import { Delay } from "./Delay";
import { DelayBar } from "./DelayBar";
import styles from "./FlightRow.module.css";

interface FlightRowProps {
  flight: Flight;
  route: Route;
  direction: "departures" | "arrivals" | undefined;
  /** It came in while one was looking. */
  fresh: boolean;
  selected: boolean;
  onHover: ((flight: string | null) => void) | undefined;
}

/** One flight. A change of its delay or its notes shows as a highlight that fades. */
export const FlightRow = memo(function FlightRow({
  flight,
  route,
  direction,
  fresh,
  selected,
  onHover,
}: FlightRowProps) {
  const { key, delay, distance, origin, destination, notes, watched } = flight;
  const [cameFresh] = useState(fresh);
  const delayChange = useChange(delay);
  const { times } = useChange(`${String(delay)} ${String(notes)}`);
  const flashes = times + (cameFresh ? 1 : 0);
  return (
    <tr
      className={styles.row}
      // Two names for one animation: a second change starts it again.
      data-flash={flashes === 0 ? undefined : flashes % 2 === 0 ? "even" : "odd"}
      data-selected={selected || undefined}
      data-direction={direction}
      onMouseEnter={() => {
        onHover?.(keyText(key));
      }}
    >
      <td className={styles.when}>
        <span className={styles.day}>{day(key.date)}</span>
        <span className={styles.time}>{time(key.date)}</span>
      </td>
      {direction !== "departures" && (
        <td className={styles.place}>
          {direction === undefined ? (
            <End place={origin} />
          ) : (
            <FlightLink flight={flight} route={route} place={origin} />
          )}
        </td>
      )}
      {direction !== "arrivals" && (
        <td className={styles.place} data-to>
          <FlightLink flight={flight} route={route} place={destination} />
        </td>
      )}
      {direction === undefined && <td className={styles.distance}>{distance}</td>}
      <td className={styles.delay}>
        {direction === undefined && <DelayBar minutes={delay} />}
        <Delay minutes={delay} change={delayChange} />
      </td>
      <td className={styles.ours}>
        {notes > 0 && (
          <span className={styles.notes} title={notes === 1 ? "1 note" : `${String(notes)} notes`}>
            {notes > 9 ? "9+" : notes}
            <span className="sr-only">{notes === 1 ? " note" : " notes"}</span>
          </span>
        )}
        <WatchButton flight={key} watched={watched} />
      </td>
    </tr>
  );
});

/** The link that opens the flight; it covers the whole row. */
function FlightLink({ flight, route, place }: { flight: Flight; route: Route; place: Place }) {
  const { key, delay } = flight;
  return (
    <a className={styles.open} href={hrefOf({ ...route, flight: key })}>
      <End place={place} />
      {/* By itself, in a list of links, the city would not say which flight it is. */}
      <span className="sr-only">
        : {key.origin} to {key.destination}, {day(key.date)} {time(key.date)}, {delayInWords(delay)}
      </span>
    </a>
  );
}

function End({ place }: { place: Place }) {
  return (
    <span className={styles.end}>
      <span className="iata">{place.iata}</span>
      <span className={styles.city}>
        <PlaceName place={place} />
      </span>
    </span>
  );
}
