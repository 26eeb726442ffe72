import { useQuery } from "convex/react";
import { useState } from "react";
import { api } from "../../convex/_generated/api";
import { Rail } from "../app/Rail";
import { Split } from "../app/Split";
import { FlightTable } from "../board/FlightTable";
import { SortSwitch } from "../board/SortSwitch";
import type { Route } from "../lib/router";
import { useLatest } from "../lib/useLatest";
import { AirportHeading } from "./AirportHeading";
import styles from "./AirportPage.module.css";

const PAGE = 40;
const MAX_LISTED = 200;
const EMPTY = { departures: "No departures.", arrivals: "No arrivals." };

/** What leaves an airport and what comes in, side by side. */
export function AirportPage({ route }: { route: Extract<Route, { page: "airport" }> }) {
  const { iata, sort } = route;
  const airport = useQuery(api.airports.get, { iata });
  const [hovered, setHovered] = useState<string | null>(null);
  const departures = useMovements(route, "departures");
  const arrivals = useMovements(route, "arrivals");
  return (
    <Split
      head={
        <>
          <AirportHeading iata={iata} airport={airport} />
          <SortSwitch route={route} />
        </>
      }
      rail={
        <Rail
          route={route}
          flights={[...(departures.flights ?? []), ...(arrivals.flights ?? [])]}
          hovered={hovered}
          focus={airport ?? undefined}
        />
      }
    >
      <div className={styles.both}>
        {([departures, arrivals] as const).map(({ direction, flights, limit, onMore }) => (
          <FlightTable
            key={direction}
            caption={direction === "departures" ? "Departures" : "Arrivals"}
            route={route}
            flights={flights}
            list={`${sort} ${String(limit)}`}
            empty={EMPTY[direction]}
            direction={direction}
            onHover={setHovered}
            onMore={onMore}
          />
        ))}
      </div>
    </Split>
  );
}

function useMovements(
  { iata, sort }: Extract<Route, { page: "airport" }>,
  direction: "departures" | "arrivals",
) {
  const [limit, setLimit] = useState(PAGE);
  const flights = useLatest(useQuery(api.flights.atAirport, { iata, direction, sort, limit }));
  const more = flights?.length === limit && limit < MAX_LISTED;
  return {
    direction,
    flights,
    limit,
    onMore: more
      ? () => {
          setLimit(limit + PAGE);
        }
      : undefined,
  };
}
