import { sameFlight, keyText } from "../lib/flightKey";
import { ago, day, delayClass, delayInWords, duration, time } from "../lib/format";
import { DelayBar } from "../board/DelayBar";
import { WatchButton } from "../flight/WatchButton";
import { PlaceName } from "../lib/PlaceName";
import { hrefOf, type Route } from "../lib/router";
import type { Watch } from "../lib/types";
import { useChange } from "../lib/useChange";
import { useNow } from "../lib/useNow";
import styles from "./WatchCard.module.css";

interface WatchCardProps {
  watch: Watch;
  route: Route;
  onHover: (flight: string) => void;
}

export function WatchCard({ watch, route, onHover }: WatchCardProps) {
  const { key, origin, destination, addedBy, addedAt, delayWhenAdded, now: flight } = watch;
  const clock = useNow();
  const { times } = useChange(flight?.delay);
  return (
    <li
      className={styles.card}
      data-gone={flight === null || undefined}
      data-selected={sameFlight(route.flight, key) || undefined}
      data-flash={times === 0 ? undefined : times % 2 === 0 ? "even" : "odd"}
      onMouseEnter={() => {
        onHover(keyText(key));
      }}
    >
      <a className={styles.open} href={hrefOf({ ...route, flight: key })}>
        <span className={styles.route}>
          <span className="iata">{origin.iata}</span> to <span className="iata">{destination.iata}</span>
        </span>
        <span className={styles.cities}>
          <PlaceName place={origin} /> to <PlaceName place={destination} />
        </span>
      </a>
      <p className={styles.when}>
        {day(key.date)} {time(key.date)}
      </p>
      <WatchButton flight={key} watched />
      {flight === null ? (
        <p className={styles.gone}>
          Deleted in the source. This entry is ours and stays until you remove it.
        </p>
      ) : (
        <div className={styles.delay}>
          <span className={styles.now} data-delay={delayClass(flight.delay)}>
            {delayInWords(flight.delay)}
          </span>
          <span className={styles.bar}>
            <DelayBar minutes={flight.delay} />
          </span>
        </div>
      )}
      <p className={styles.since}>
        {flight !== null && `${sinceAdded(flight.delay - delayWhenAdded)} · `}
        {addedBy}, {ago(addedAt, clock)}
      </p>
    </li>
  );
}

/** How the delay has moved since somebody began to watch. */
function sinceAdded(change: number): string {
  if (change === 0) return "Unchanged since watched";
  return `${duration(Math.abs(change))} ${change > 0 ? "later" : "earlier"} than when watched`;
}
