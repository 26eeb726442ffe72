/**
 * Errors of a transaction that was too large, so that a smaller one may succeed. They reach the caller as plain errors:
 * there is nothing but their words.
 *
 * The words are those of the backend (`crates/database/src/{reads,writes}.rs`, `crates/isolate`) and of `convex-test`,
 * and are expected where the message begins, behind what the platform puts before it: a row may hold any text, and
 * messages of validation quote rows.
 */

/**
 * What the platform puts before a message: `[CONVEX M(f)] [Request ID: 1] Server Error\nUncaught Error: …`. Each nested
 * call puts one more `Uncaught Error: ` in front.
 */
const PREFIX = String.raw`^(?:\[[^\]\n]*\]\s*)*(?:Server Error\s*)?(?:(?:Uncaught\s+)?Error:\s*)*(?:Uncaught\s+)?`;

/** Matches a message of the platform that begins with these words; what a message quotes stands further behind. */
export function platformWords(words: string): RegExp {
  return new RegExp(PREFIX + words, "i");
}

const MESSAGES = [
  // "Too many reads in a single function execution (limit: 4096).": also documents read, bytes read, writes, bytes
  // written, index ranges read; from convex-test "Scanned too many documents in …", "Wrote too much data in …",
  // "Scheduled function arguments too large in …".
  String.raw`(?:[A-Z]\w+ ){0,2}(?:\w+ ){0,2}too (?:many|much|large)\b[\w ]{0,40} in a single (?:function execution|transaction)\b`,
  // One mutation has a second of JavaScript, and 64 MB.
  String.raw`Function execution timed out \(maximum duration`,
  String.raw`Your request timed out\b`,
  String.raw`JavaScript execution ran out of memory`,
  String.raw`Too (?:many functions scheduled|large total size of the arguments of scheduled functions) (?:by|from) this mutation\b`,
  String.raw`Arguments for \S+ are too large\b`,
  // Codes. Not TooManyWrites, which is also the deployment's write throughput: waiting helps there, not cutting.
  String.raw`TooMany(?:Reads|DocumentsRead|BytesRead|BytesWritten|FunctionsScheduled)\b`,
].map(platformWords);

/** True when a transaction read, wrote or took more than the platform allows, so that a smaller one may succeed. */
export function isTransactionLimit(error: unknown): boolean {
  const message = error instanceof Error ? error.message : String(error);
  return MESSAGES.some((words) => words.test(message));
}
