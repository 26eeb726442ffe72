import type { JsonObject } from "../../core/rows/change.js";
import { positionText } from "../../core/rows/position.js";
import { badJson } from "../request.js";
import { time } from "./fields.js";

/** How far a sender has read its source: see `vReach` of the component. */
export interface Reach {
  upTo?: string;
  position?: string;
}

/** The properties that say how far a sender has read its source. */
export const REACH_NAMES = ["upTo", "position"];

/** How far the sender says that it has read its source; undefined when it does not say. @throws HttpError 400 */
export function readReach(object: JsonObject): Reach | undefined {
  const upTo = time(object, "upTo");
  const position = readPosition(object);
  if (upTo === null && position === null) return undefined;
  return {
    ...(upTo !== null && { upTo: new Date(upTo).toISOString() }),
    ...(position !== null && { position }),
  };
}

function readPosition(object: JsonObject): string | null {
  const value = object.position ?? null;
  if (value === null) return null;
  const isWritten = typeof value === "string" || Number.isSafeInteger(value);
  const text = isWritten ? positionText(value as string | number) : null;
  if (text !== null) return text;
  throw badJson(
    '"position" must be a whole number, as a number or as text, or a log sequence number of Postgres ("16/B374D848")',
  );
}
