import { ConvexError } from "convex/values";

/** What to show when a mutation fails: its own sentence when it has one. */
export function errorText(error: unknown): string {
  if (error instanceof ConvexError && typeof error.data === "string") return error.data;
  return "That did not work. Try again.";
}
