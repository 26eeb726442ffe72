import { ImportProvider } from "convex-streaming-import/react";
import { api } from "../../convex/_generated/api";
import { useRoute } from "../lib/router";
import { AirportPage } from "../airport/AirportPage";
import { BoardPage } from "../board/BoardPage";
import { GuardPage } from "../guard/GuardPage";
import { AirportDotsProvider } from "../map/AirportDots";
import { OperationsPage } from "../operations/OperationsPage";
import { WatchlistPage } from "../watchlist/WatchlistPage";
import { LiveAnnouncer } from "./LiveAnnouncer";
import { TopBar } from "./TopBar";
import styles from "./App.module.css";

export function App() {
  const route = useRoute();
  return (
    <ImportProvider functions={api.operations}>
      <AirportDotsProvider>
        <a className="skip-link" href="#main" onClick={skipToMain}>
          Skip to the board
        </a>
        <div className={styles.shell}>
          <TopBar route={route} />
          <main id="main" className={styles.main} tabIndex={-1}>
            {route.page === "board" && <BoardPage route={route} />}
            {route.page === "airport" && <AirportPage key={route.iata} route={route} />}
            {route.page === "watchlist" && <WatchlistPage route={route} />}
            {route.page === "operations" && <OperationsPage />}
            {route.page === "guard" && <GuardPage route={route} />}
          </main>
        </div>
        <LiveAnnouncer />
      </AirportDotsProvider>
    </ImportProvider>
  );
}

/** The hash holds the page; the usual in-page link would leave it. */
function skipToMain(event: React.MouseEvent): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}
