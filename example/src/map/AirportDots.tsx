import { useQueries, type RequestForQueries } from "convex/react";
import { createContext, useContext, useMemo, type ReactNode } from "react";
import { api } from "../../convex/_generated/api";
import { project } from "./projection";

/** Where one range of codes ends and the next begins: some five hundred airports in each. */
const BOUNDS = ["", "6", "D", "J", "O", "T", "~"];

const REQUESTS: RequestForQueries = Object.fromEntries(
  BOUNDS.slice(1).map((before, i) => [
    before,
    { query: api.airports.dots, args: { from: BOUNDS[i]!, before } },
  ]),
);

type Dots = { latitude: number; longitude: number; state: string | null }[];

const DotsContext = createContext("");

/**
 * Every mirrored airport as one path: the outline of the country, drawn by its airports. Kept above the pages, so
 * that the map is there at once on each of them.
 */
export function AirportDotsProvider({ children }: { children: ReactNode }) {
  const results = useQueries(REQUESTS) as Record<string, Dots | Error | undefined>;
  const path = useMemo(
    () =>
      Object.values(results)
        .flatMap((dots) => (Array.isArray(dots) ? dots : []))
        .map(({ latitude, longitude, state }) => project(latitude, longitude, state))
        .map((point) => (point === null ? "" : `M${point.x.toFixed(1)} ${point.y.toFixed(1)}h0`))
        .join(""),
    [results],
  );
  return <DotsContext value={path}>{children}</DotsContext>;
}

export function useAirportDots(): string {
  return useContext(DotsContext);
}
