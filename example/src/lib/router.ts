import { useSyncExternalStore } from "react";
import type { FlightKey } from "./flightKey";

export type Sort = "latest" | "late" | "early";

/** Where the page is. A flight can be open beside any list. */
export type Route = { flight: FlightKey | null } & (
  | { page: "board"; sort: Sort }
  | { page: "airport"; iata: string; sort: Sort }
  | { page: "watchlist" }
  | { page: "operations" }
  | { page: "guard"; attempt: string }
);

/** Kept in the hash, so that a link to what one sees can be sent, and Back works. */
export function useRoute(): Route {
  const hash = useSyncExternalStore(
    (changed) => {
      window.addEventListener("hashchange", changed);
      return () => {
        window.removeEventListener("hashchange", changed);
      };
    },
    () => window.location.hash,
  );
  return parse(hash);
}

function parse(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?");
  const params = new URLSearchParams(query);
  const flight = parseFlight(params.get("flight"));
  const [page, argument] = path.split("/");
  if (page === "airport" && argument !== undefined && argument !== "") {
    return {
      page: "airport",
      iata: decodeURIComponent(argument),
      sort: parseSort(params.get("sort")),
      flight,
    };
  }
  if (page === "guard") return { page, attempt: argument ?? "", flight: null };
  if (page === "watchlist" || page === "operations") return { page, flight };
  return { page: "board", sort: parseSort(params.get("sort")), flight };
}

export function hrefOf(route: Route): string {
  const params = new URLSearchParams();
  if ("sort" in route && route.sort !== "latest") params.set("sort", route.sort);
  if (route.flight !== null) {
    params.set("flight", [route.flight.date, route.flight.origin, route.flight.destination].join("~"));
  }
  const path =
    route.page === "board"
      ? ""
      : route.page === "airport"
        ? `airport/${encodeURIComponent(route.iata)}`
        : route.page === "guard" && route.attempt !== ""
          ? `guard/${encodeURIComponent(route.attempt)}`
          : route.page;
  const query = params.toString();
  return `#/${path}${query === "" ? "" : `?${query}`}`;
}

export function navigate(route: Route): void {
  window.location.hash = hrefOf(route);
}

function parseSort(text: string | null): Sort {
  return text === "late" || text === "early" ? text : "latest";
}

function parseFlight(text: string | null): FlightKey | null {
  const [date, origin, destination] = text?.split("~") ?? [];
  return date !== undefined && origin !== undefined && destination !== undefined
    ? { date, origin, destination }
    : null;
}
