import { hrefOf } from "../lib/router";
import styles from "./AttemptList.module.css";
import { ATTEMPTS, DASHBOARD } from "./attempts";

/** The layers in the order in which a write meets them. */
const LAYERS = ["Types", "ESLint", "Gate", "Run time", "Audit"] as const;

interface Entry {
  name: string;
  title: string;
  stoppedBy: ReadonlySet<(typeof LAYERS)[number]>;
}

const ENTRIES: readonly Entry[] = [
  ...ATTEMPTS.map(({ name, title, types, eslint, gate, run }) => ({
    name,
    title,
    stoppedBy: new Set(
      LAYERS.filter(
        (layer) =>
          (layer === "Types" && types.length > 0) ||
          (layer === "ESLint" && eslint.length > 0) ||
          (layer === "Gate" && gate.length > 0) ||
          (layer === "Run time" && run !== null) ||
          // Where the run time refuses, there is nothing left to find.
          (layer === "Audit" && run === null),
      ),
    ),
  })),
  { name: DASHBOARD, title: "Edit a row in the dashboard", stoppedBy: new Set(["Audit"]) },
];

/** Chooses an attempt; beside each, the layers that stop it. */
export function AttemptList({ open }: { open: string }) {
  return (
    <nav className={styles.list} aria-label="Attempts">
      <p className={styles.layers} aria-hidden="true">
        {LAYERS.map((layer) => (
          <span key={layer}>{layer}</span>
        ))}
      </p>
      {ENTRIES.map(({ name, title, stoppedBy }) => (
        <a
          key={name}
          className={styles.attempt}
          href={hrefOf({ page: "guard", attempt: name, flight: null })}
          aria-current={name === open ? "true" : undefined}
        >
          <span className={styles.title}>{title}</span>
          <span className="sr-only">, stopped by {[...stoppedBy].join(", ")}</span>
          <span className={styles.marks} aria-hidden="true">
            {LAYERS.map((layer) => (
              <i key={layer} data-stops={stoppedBy.has(layer) || undefined} />
            ))}
          </span>
        </a>
      ))}
    </nav>
  );
}
