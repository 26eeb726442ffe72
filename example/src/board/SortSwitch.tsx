import { hrefOf, type Route, type Sort } from "../lib/router";
import styles from "./SortSwitch.module.css";

const SORTS: readonly [Sort, string][] = [
  ["latest", "Latest"],
  ["late", "Most delayed"],
  ["early", "Furthest ahead"],
];

/** Chooses the order of a list. Links, because each order has its address. */
export function SortSwitch({ route }: { route: Extract<Route, { sort: Sort }> }) {
  return (
    <nav className={styles.switch} aria-label="Order">
      {SORTS.map(([sort, label]) => (
        <a
          key={sort}
          href={hrefOf({ ...route, sort })}
          aria-current={route.sort === sort ? "true" : undefined}
        >
          {label}
        </a>
      ))}
    </nav>
  );
}
