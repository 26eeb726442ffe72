import { useMutation } from "convex/react";
import { useId, useState, type KeyboardEvent, type SubmitEvent } from "react";
import { api } from "../../convex/_generated/api";
import { errorText } from "../lib/errorText";
import type { FlightKey } from "../lib/flightKey";
import { useAuthor } from "../lib/useAuthor";
import styles from "./Notes.module.css";

const MAX_TEXT = 500;
const MAX_AUTHOR = 40;

export function NoteForm({ flight }: { flight: FlightKey }) {
  const add = useMutation(api.notes.add);
  const [author, setAuthor] = useAuthor();
  const [text, setText] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const id = useId();

  const submit = async (event?: SubmitEvent): Promise<void> => {
    event?.preventDefault();
    if (text.trim() === "") return;
    setProblem(null);
    try {
      await add({ flight, text, author });
      setText("");
    } catch (error) {
      setProblem(errorText(error));
    }
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void submit();
  };

  return (
    <form className={styles.form} onSubmit={(event) => void submit(event)}>
      <label className="sr-only" htmlFor={`${id}-text`}>
        Note
      </label>
      <textarea
        id={`${id}-text`}
        rows={2}
        maxLength={MAX_TEXT}
        placeholder="Write a note for everybody on this board"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
        }}
        onKeyDown={onKeyDown}
      />
      <div className={styles.bottom}>
        <label className={styles.author}>
          <span className="sr-only">Your name</span>
          <input
            type="text"
            autoComplete="name"
            maxLength={MAX_AUTHOR}
            placeholder="Your name"
            value={author}
            onChange={(event) => {
              setAuthor(event.target.value);
            }}
          />
        </label>
        <button type="submit" disabled={text.trim() === ""}>
          Add note
        </button>
      </div>
      {problem !== null && (
        <p className={styles.problem} role="alert">
          {problem}
        </p>
      )}
    </form>
  );
}
