import { useQuery } from "convex/react";
import { api } from "../../convex/_generated/api";
import { day, delayClass, signed, time } from "../lib/format";
import { hrefOf, type Route } from "../lib/router";
import type { Flight } from "../lib/types";
import { useChange } from "../lib/useChange";
import styles from "./Extremes.module.css";

/** The ends of the three orders. */
export function Extremes({ route }: { route: Extract<Route, { page: "board" }> }) {
  const extremes = useQuery(api.flights.extremes);
  return (
    <div className={styles.tiles}>
      <Tile
        label="Last departure"
        flight={extremes?.latest}
        route={route}
        value={(flight) => time(flight.date)}
      />
      <Tile label="Longest delay" flight={extremes?.mostDelayed} route={route} value={delayValue} coloured />
      <Tile
        label="Furthest ahead"
        flight={extremes?.furthestAhead}
        route={route}
        value={delayValue}
        coloured
      />
    </div>
  );
}

interface TileProps {
  label: string;
  /** Undefined while loading, null when there is none. */
  flight: Flight | null | undefined;
  route: Route;
  value: (flight: { date: string; delay: number }) => string;
  coloured?: boolean;
}

function Tile({ label, flight, route, value, coloured = false }: TileProps) {
  const shown = flight == null ? "–" : value({ date: flight.key.date, delay: flight.delay });
  const { times } = useChange(shown);
  const body = (
    <>
      <span className={styles.label}>{label}</span>
      <span
        key={times}
        className={styles.value}
        data-delay={coloured && flight != null ? delayClass(flight.delay) : undefined}
        data-changed={times > 1 || undefined}
      >
        {shown}
      </span>
      <span className={styles.flight}>
        {flight == null ? (
          "\u00a0"
        ) : (
          <>
            <span className="iata">{flight.key.origin}</span> to{" "}
            <span className="iata">{flight.key.destination}</span>
            <span className={styles.day}> {day(flight.key.date)}</span>
          </>
        )}
      </span>
    </>
  );
  if (flight == null) return <div className={styles.tile}>{body}</div>;
  return (
    <a className={styles.tile} href={hrefOf({ ...route, flight: flight.key })}>
      {body}
    </a>
  );
}

function delayValue({ delay }: { delay: number }): string {
  return `${signed(delay)} min`;
}
