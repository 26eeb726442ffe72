import { PlaceName } from "../lib/PlaceName";
import type { Place } from "../lib/types";
import styles from "./AirportPage.module.css";

interface AirportHeadingProps {
  iata: string;
  /** Undefined while loading, null when the mirror has no such airport. */
  airport: Place | null | undefined;
}

export function AirportHeading({ iata, airport }: AirportHeadingProps) {
  return (
    <div className={styles.heading}>
      <h1 className="iata">{iata}</h1>
      <p>
        <span className={styles.name}>
          {airport === null ? "Not among the mirrored airports" : (airport?.name ?? "\u00a0")}
        </span>
        {airport != null && (
          <span className={styles.where}>
            <PlaceName place={airport} withState />
          </span>
        )}
      </p>
    </div>
  );
}
