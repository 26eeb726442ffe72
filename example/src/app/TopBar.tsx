import { AirportSearch } from "../search/AirportSearch";
import { hrefOf, type Route } from "../lib/router";
import { MirrorBadges } from "./MirrorBadges";
import styles from "./TopBar.module.css";

export function TopBar({ route }: { route: Route }) {
  const { flight } = route;
  const pages = [
    { page: "board", label: "Board", href: hrefOf({ page: "board", sort: "latest", flight }) },
    { page: "watchlist", label: "Watchlist", href: hrefOf({ page: "watchlist", flight }) },
    { page: "operations", label: "Operations", href: hrefOf({ page: "operations", flight: null }) },
    { page: "guard", label: "Guard", href: hrefOf({ page: "guard", attempt: "", flight: null }) },
  ];
  return (
    <header className={styles.bar}>
      <a className={styles.brand} href="#/" aria-label="Apron, flight board">
        <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
          <path className={styles.line} d="M4 25.5h24" />
          <path className={styles.climb} d="M5 17.5 25 7" />
          <circle className={styles.nose} cx="25" cy="7" r="2.9" />
        </svg>
        <span>Apron</span>
      </a>
      <nav className={styles.nav} aria-label="Pages">
        {pages.map(({ page, label, href }) => (
          <a key={page} href={href} aria-current={route.page === page ? "page" : undefined}>
            {label}
          </a>
        ))}
      </nav>
      <AirportSearch />
      <MirrorBadges />
    </header>
  );
}
