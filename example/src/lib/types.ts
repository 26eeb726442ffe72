import type { FunctionReturnType } from "convex/server";
import type { api } from "../../convex/_generated/api";

export type Flight = FunctionReturnType<typeof api.flights.board>[number];
export type Place = Flight["origin"];
export type Note = FunctionReturnType<typeof api.notes.recent>[number];
export type Watch = FunctionReturnType<typeof api.watchlist.list>[number];
