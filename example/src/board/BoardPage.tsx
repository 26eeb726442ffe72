import { useQuery } from "convex/react";
import { useState } from "react";
import { api } from "../../convex/_generated/api";
import { Rail } from "../app/Rail";
import { Split } from "../app/Split";
import type { Route } from "../lib/router";
import { useLatest } from "../lib/useLatest";
import { Extremes } from "./Extremes";
import { FlightTable } from "./FlightTable";
import { SortSwitch } from "./SortSwitch";

const PAGE = 50;
const MAX_LISTED = 200;

/** All flights, in one of three orders. */
export function BoardPage({ route }: { route: Extract<Route, { page: "board" }> }) {
  const { sort } = route;
  const [limit, setLimit] = useState(PAGE);
  const [hovered, setHovered] = useState<string | null>(null);
  const flights = useLatest(useQuery(api.flights.board, { sort, limit }));
  const more = flights?.length === limit && limit < MAX_LISTED;
  const showMore = (): void => {
    setLimit(limit + PAGE);
  };
  return (
    <Split
      head={
        <>
          <h1>Departures</h1>
          <SortSwitch route={route} />
        </>
      }
      rail={<Rail route={route} flights={flights ?? []} hovered={hovered} />}
    >
      <Extremes route={route} />
      <FlightTable
        caption="Flights"
        route={route}
        flights={flights}
        list={`${sort} ${String(limit)}`}
        empty="No flights yet. Press Enter in the terminal where the demo runs: the source begins to send them."
        onHover={setHovered}
        onMore={more ? showMore : undefined}
      />
    </Split>
  );
}
