import { ConvexError, v, type Infer } from "convex/values";
import { parseDateTime } from "../core/rows/dates.js";
import { positionText } from "../core/rows/position.js";

/** What a product waits for. */
export const vTarget = v.union(
  /** Everything that the source committed up to then: ISO 8601, or milliseconds since 1970. By the source's clock. */
  v.object({ time: v.union(v.string(), v.number()) }),
  /** Everything up to that position in the source's log: an integer, or a Postgres log sequence number. */
  v.object({ position: v.union(v.string(), v.number()) }),
  /** A run being complete; with `sequence`, its first so many deliveries being applied. */
  v.object({ run: v.string(), sequence: v.optional(v.number()) }),
);

/** What a product waits for: `{ time }`, `{ position }`, or `{ run, sequence? }`. */
export type ReachTarget = Infer<typeof vTarget>;

/** A target as the component takes it. @throws ConvexError BadTarget */
export function toTarget(target: ReachTarget) {
  if ("run" in target) return target;
  if ("position" in target) {
    const position = positionText(target.position);
    if (position !== null) return { position };
    throw badTarget(
      `"${String(target.position)}" is not a position. Pass an integer or a Postgres log sequence number ("16/B374D848").`,
    );
  }
  const ms = typeof target.time === "string" ? parseDateTime(target.time) : target.time;
  // Rounded up, because it is a promise: a sender's times are rounded down.
  if (ms !== null && Math.abs(ms) <= MAX_TIME_MS) return { time: new Date(Math.ceil(ms)).toISOString() };
  throw badTarget(`"${String(target.time)}" is not a time. Give ISO 8601 text, or milliseconds since 1970.`);
}

/** The last time that JavaScript's dates hold, in milliseconds since 1970. */
const MAX_TIME_MS = 8.64e15;

function badTarget(message: string) {
  return new ConvexError({ code: "BadTarget", message });
}
