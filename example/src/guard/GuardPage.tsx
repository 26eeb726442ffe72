import type { Route } from "../lib/router";
import { AttemptList } from "./AttemptList";
import { ATTEMPTS, DASHBOARD } from "./attempts";
import { AttemptView } from "./AttemptView";
import { DashboardEdit } from "./DashboardEdit";
import styles from "./GuardPage.module.css";

/** Ways to write a mirror that are not the import's, and the layer that stops each of them. */
export function GuardPage({ route }: { route: Extract<Route, { page: "guard" }> }) {
  const attempt = ATTEMPTS.find(({ name }) => name === route.attempt) ?? ATTEMPTS[0]!;
  const dashboard = route.attempt === DASHBOARD;
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <h1>Try to write a mirror</h1>
        <p>
          Flights belong to their source. A change made here would be lost at the next sync, or conflict with
          it, so five layers stand before a write that is not the import’s. Pick a way in.
        </p>
      </header>
      <AttemptList open={dashboard ? DASHBOARD : attempt.name} />
      {dashboard ? <DashboardEdit /> : <AttemptView key={attempt.name} attempt={attempt} />}
    </div>
  );
}
