import { useQuery } from "convex/react";
import { useDeferredValue, useEffect, useId, useRef, useState, type KeyboardEvent } from "react";
import { api } from "../../convex/_generated/api";
import { navigate } from "../lib/router";
import type { Place } from "../lib/types";
import { useLatest } from "../lib/useLatest";
import { PlaceName } from "../lib/PlaceName";
import styles from "./AirportSearch.module.css";

/** Finds airports by code or name, as one types. */
export function AirportSearch() {
  const [text, setText] = useState("");
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  const searched = useDeferredValue(text.trim());
  const hits = useLatest(useQuery(api.airports.search, searched === "" ? "skip" : { text: searched })) ?? [];
  const shown = open && searched !== "";
  useSlashFocuses(input);

  const choose = ({ iata }: Place): void => {
    setText("");
    setOpen(false);
    input.current?.blur();
    navigate({ page: "airport", iata, sort: "latest", flight: null });
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Escape") {
      setOpen(false);
      setText("");
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      setOpen(true);
      setActive((active + step + hits.length) % Math.max(1, hits.length));
    } else if (event.key === "Enter" && shown && hits[active] !== undefined) {
      event.preventDefault();
      choose(hits[active]);
    }
  };

  return (
    <search className={styles.search}>
      <svg className={styles.glass} viewBox="0 0 20 20" width="16" height="16" aria-hidden="true">
        <circle cx="9" cy="9" r="5.5" />
        <path d="m13.2 13.2 3.6 3.6" />
      </svg>
      <input
        ref={input}
        className={styles.input}
        type="text"
        role="combobox"
        aria-label="Find an airport by code or name"
        aria-expanded={shown}
        aria-controls={`${id}-hits`}
        aria-autocomplete="list"
        aria-activedescendant={shown && hits.length > 0 ? `${id}-${String(active)}` : undefined}
        autoComplete="off"
        spellCheck={false}
        placeholder="Find an airport"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setActive(0);
          setOpen(true);
        }}
        onFocus={() => {
          setOpen(true);
        }}
        onBlur={() => {
          setOpen(false);
        }}
        onKeyDown={onKeyDown}
      />
      <kbd className={styles.key} aria-hidden="true">
        /
      </kbd>
      {shown && (
        <ul className={styles.hits} id={`${id}-hits`} role="listbox" aria-label="Airports">
          {hits.map((place, i) => (
            <li
              key={place.iata}
              id={`${id}-${String(i)}`}
              role="option"
              aria-selected={i === active}
              className={styles.hit}
              // Before the field loses focus, which would close the list.
              onPointerDown={(event) => {
                event.preventDefault();
                choose(place);
              }}
              onPointerMove={() => {
                setActive(i);
              }}
            >
              <span className="iata">{place.iata}</span>
              <span className={styles.name}>{place.name}</span>
              <span className={styles.where}>
                <PlaceName place={place} withState />
              </span>
            </li>
          ))}
          {hits.length === 0 && (
            <li className={styles.none} role="option" aria-selected={false} aria-disabled="true">
              No airport called “{searched}”
            </li>
          )}
        </ul>
      )}
    </search>
  );
}

/** "/" goes to the search from everywhere, unless one is writing. */
function useSlashFocuses(input: React.RefObject<HTMLInputElement | null>): void {
  useEffect(() => {
    const onKey = (event: globalThis.KeyboardEvent): void => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey) return;
      if (event.target instanceof HTMLElement && event.target.matches("input, textarea")) return;
      event.preventDefault();
      input.current?.focus();
    };
    document.addEventListener("keydown", onKey);
    return () => {
      document.removeEventListener("keydown", onKey);
    };
  }, [input]);
}
