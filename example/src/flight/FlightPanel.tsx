import { useQuery } from "convex/react";
import { useEffect, useRef } from "react";
import { api } from "../../convex/_generated/api";
import { DelayBar } from "../board/DelayBar";
import type { FlightKey } from "../lib/flightKey";
import { dayAndYear, delayClass, delayInWords, time } from "../lib/format";
import { PlaceName } from "../lib/PlaceName";
import { hrefOf, navigate, type Route } from "../lib/router";
import type { Flight } from "../lib/types";
import { useChange } from "../lib/useChange";
import styles from "./FlightPanel.module.css";
import { Notes } from "./Notes";
import { WatchButton } from "./WatchButton";

/** The flight that is open: the mirrored row, and what people have added to it. */
export function FlightPanel({ route, flight: key }: { route: Route; flight: FlightKey }) {
  const flight = useQuery(api.flights.get, { flight: key });
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    heading.current?.focus({ preventScroll: true });
  }, []);
  useEscape(() => {
    navigate({ ...route, flight: null });
  });
  return (
    <section className={styles.panel} aria-labelledby="flight-heading">
      <header className={styles.head}>
        <h2 id="flight-heading" ref={heading} tabIndex={-1} className={styles.route}>
          <End iata={key.origin} />
          <svg viewBox="0 0 40 12" width="40" height="12" aria-label="to" role="img">
            <path d="M2 6h34M31 1.5 36.5 6 31 10.5" />
          </svg>
          <End iata={key.destination} />
        </h2>
        <a className={styles.close} href={hrefOf({ ...route, flight: null })} aria-label="Close this flight">
          <svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">
            <path d="M5 5l10 10M15 5 5 15" />
          </svg>
        </a>
      </header>
      {flight === undefined && <p className={styles.muted}>Loading …</p>}
      {flight === null && <Gone flight={key} />}
      {flight != null && <Facts flight={flight} />}
      <Notes flight={key} />
    </section>
  );
}

/** The airport by itself: it is known even when the flight is gone. */
function End({ iata }: { iata: string }) {
  const place = useQuery(api.airports.get, { iata });
  return (
    <a className={styles.end} href={hrefOf({ page: "airport", iata, sort: "latest", flight: null })}>
      <span className="iata">{iata}</span>
      <span className={styles.city}>{place == null ? "\u00a0" : <PlaceName place={place} withState />}</span>
    </a>
  );
}

function Facts({ flight }: { flight: Flight }) {
  const { key, delay, distance, watched } = flight;
  const { times, before } = useChange(delay);
  return (
    <>
      <div
        className={styles.delay}
        data-delay={delayClass(delay)}
        key={times}
        data-changed={times > 0 || undefined}
      >
        <p>
          <strong>{delay === 0 ? "On time" : delayInWords(delay)}</strong>
          {times > 0 && <span className={styles.before}>was {delayInWords(before)}</span>}
        </p>
        <div className={styles.bar}>
          <DelayBar minutes={delay} />
        </div>
      </div>
      <div className={styles.facts}>
        <p>
          {dayAndYear(key.date)}, {time(key.date)} <span className={styles.muted}>· {distance} miles</span>
        </p>
        <WatchButton flight={key} watched={watched} withText />
      </div>
    </>
  );
}

/** A note names its flight by the source's key, so it is still here when the flight is not. */
function Gone({ flight }: { flight: FlightKey }) {
  return (
    <p className={styles.gone}>
      <strong>The source no longer has this flight</strong> of {dayAndYear(flight.date)}, {time(flight.date)}.
      What you wrote about it stays.
    </p>
  );
}

function useEscape(close: () => void): void {
  const latest = useRef(close);
  useEffect(() => {
    latest.current = close;
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      if (event.target instanceof HTMLElement && event.target.matches("input, textarea")) return;
      latest.current();
    };
    document.addEventListener("keydown", onKey);
    return () => {
      document.removeEventListener("keydown", onKey);
    };
  }, []);
}
