import { platformWords } from "./limitErrors.js";

/** Words and codes of the backend; where a message begins with them, since a row or a name may hold any text. */
const TRANSIENT = [
  String.raw`OptimisticConcurrencyControlFailure\b`,
  String.raw`Documents read from or written to [^\n]{0,200}changed while this mutation was being run`,
  String.raw`TooManyWrites\w*`,
  String.raw`Too many writes per second\b`,
  String.raw`TooManyConcurrent\w*`,
  String.raw`Too many concurrent \w+`,
  String.raw`(?:WorkerOverloaded|CommitterFull|ExpiredInQueue|Overloaded)\w*`,
  String.raw`(?:The )?server is overloaded\b`,
  "Your request couldn't be completed. Try again later",
].map(platformWords);

/**
 * True for a transaction that lost a race against another (OCC), or that the deployment was too busy for: the same may
 * succeed when it is run again. Only the backend's words and codes show it.
 */
export function isTransient(error: unknown): boolean {
  // A refusal of our own or of the app has data, and is none of the platform's.
  if (typeof error === "object" && error !== null && Symbol.for("ConvexError") in error) return false;
  const message = error instanceof Error ? error.message : String(error);
  return TRANSIENT.some((words) => words.test(message));
}
