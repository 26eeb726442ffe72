import { useMutation, useQuery } from "convex/react";
import { api } from "../../convex/_generated/api";
import type { FlightKey } from "../lib/flightKey";
import { ago } from "../lib/format";
import type { Note } from "../lib/types";
import { useNow } from "../lib/useNow";
import { NoteForm } from "./NoteForm";
import styles from "./Notes.module.css";

/** What people wrote about a flight, live, and the form to add to it. */
export function Notes({ flight }: { flight: FlightKey }) {
  const notes = useQuery(api.notes.forFlight, { flight });
  return (
    <div className={styles.notes}>
      <h3>Notes</h3>
      <ol className={styles.list} aria-live="polite" aria-relevant="additions">
        {notes?.map((note) => (
          <Item key={note.id} note={note} />
        ))}
      </ol>
      {notes?.length === 0 && <p className={styles.none}>Nobody has written about this flight yet.</p>}
      <NoteForm flight={flight} />
    </div>
  );
}

function Item({ note }: { note: Note }) {
  const now = useNow();
  const remove = useMutation(api.notes.remove);
  return (
    <li className={styles.note}>
      <p>{note.text}</p>
      <footer>
        <span>
          {note.author}, {ago(note.writtenAt, now)}
        </span>
        <button type="button" onClick={() => void remove({ id: note.id })}>
          Delete<span className="sr-only"> the note “{note.text}”</span>
        </button>
      </footer>
    </li>
  );
}
