import { ledgerErrorData } from "./errors.js";
import { platformWords } from "./limitErrors.js";

/** What the app's functions say of a table that is none of its mirrors: a deploy is ahead of the registry. */
const NO_MIRROR = platformWords(String.raw`"[^"\n]*" is not a mirror of this schema`);

/** A function of the app that is missing, in the words of the backend and of `convex-test`. */
const MISSING_FUNCTION = platformWords(
  String.raw`(?:(?:function )?handle not found|(?:could not|couldn't) find (?:\w+ )?(?:function|module|query|mutation)\b|Expected an? [\w ]*function exported from module "[^"\n]*" as .{0,200}, but there is no such export|no such (?:function|export))`,
);

/** True for an error that says that the mirror is no longer in the app's schema. */
export function isMirrorGone(error: unknown): boolean {
  return error instanceof Error && NO_MIRROR.test(error.message);
}

/**
 * True for faults of the app, not of a row: a missing function, a removed mirror, or an app that has declared nothing
 * fail for every row. (An app that cannot find a customer is another matter.)
 */
export function isSetUpError(error: unknown): boolean {
  if (ledgerErrorData(error)?.code === "NotDeclared" || isMirrorGone(error)) return true;
  return error instanceof Error && MISSING_FUNCTION.test(error.message);
}
