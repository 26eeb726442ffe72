import type { ReactNode } from "react";
import type { Refusal } from "./attempts";
import styles from "./Layer.module.css";

interface LayerProps {
  name: string;
  /** Who speaks. */
  by: string;
  verdict: string;
  stops: boolean;
  refusals?: readonly Refusal[];
  children?: ReactNode;
}

/** A layer of the guard, and what it says to the program. */
export function Layer({ name, by, verdict, stops, refusals = [], children }: LayerProps) {
  return (
    <li className={styles.layer} data-stops={stops || undefined}>
      <header>
        <h3>{name}</h3>
        <span className={styles.by}>{by}</span>
        <span className={styles.verdict}>{verdict}</span>
      </header>
      {refusals.map(({ line, name: code, message }) => (
        <details key={`${code} ${String(line)}`}>
          <summary className={styles.code}>
            <b>{code}</b> <span>line {line}</span>
          </summary>
          <p className={styles.message}>{message}</p>
        </details>
      ))}
      {children}
    </li>
  );
}
