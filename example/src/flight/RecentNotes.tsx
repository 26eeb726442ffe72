import { useQuery } from "convex/react";
import { api } from "../../convex/_generated/api";
import { keyText } from "../lib/flightKey";
import { ago, day, time } from "../lib/format";
import { hrefOf, type Route } from "../lib/router";
import { useNow } from "../lib/useNow";
import styles from "./RecentNotes.module.css";

/** The newest notes of all flights: what is talked about now. */
export function RecentNotes({ route }: { route: Route }) {
  const notes = useQuery(api.notes.recent);
  const now = useNow();
  return (
    <section className={styles.recent} aria-labelledby="recent-heading">
      <h2 id="recent-heading">Notes</h2>
      {notes?.length === 0 && <p className={styles.none}>Open a flight to write the first note about it.</p>}
      <ol aria-live="polite" aria-relevant="additions">
        {notes?.map(({ id, flight, text, author, writtenAt }) => (
          <li key={id} className={styles.note}>
            <a href={hrefOf({ ...route, flight })}>
              <span className={styles.flight} title={keyText(flight)}>
                <span className="iata">{flight.origin}</span> to{" "}
                <span className="iata">{flight.destination}</span>
                <span className={styles.muted}>
                  {" "}
                  {day(flight.date)} {time(flight.date)}
                </span>
              </span>
              <span className={styles.text}>{text}</span>
              <span className={styles.muted}>
                {author}, {ago(writtenAt, now)}
              </span>
            </a>
          </li>
        ))}
      </ol>
    </section>
  );
}
