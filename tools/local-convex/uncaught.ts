/**
 * How errors read on the other side of a function call. The backend turns what a function throws into text, and throws
 * that text in the caller: each nested call puts `Uncaught Error: ` in front and its stack behind.
 */
import type { JSONValue } from "convex/values";
import { convexToJson, type ConvexError } from "convex/values";

/** An error of the platform itself, such as a time-out: it has no stack, and nothing in front on its own level. */
export class PlatformError extends Error {
  override name = "Error";

  /** @param status How the API answers when it is the call of a client that failed so. */
  constructor(
    message: string,
    readonly code?: string,
    readonly status?: number,
  ) {
    super(message);
  }
}

/** What has passed a function's border: its message is complete. */
const passed = new WeakSet<Error>();

/** What the caller of a function sees of what the function threw. */
export function uncaught(error: unknown, functionName: string): Error {
  if (error instanceof PlatformError) {
    if (error.code !== undefined) return error;
    return pass(new Error(`${error.message}\n`));
  }
  const message = `${titleOf(error)}\n${framesOf(error, functionName).join("\n")}\n`;
  if (!isConvexError(error)) return pass(new Error(message));
  // Its data travel along.
  Object.defineProperty(error, "message", { value: message, configurable: true, writable: true });
  return pass(error);
}
function pass<E extends Error>(error: E): E {
  passed.add(error);
  return error;
}

/** What a client is told of a call that failed. */
export function describeError(error: unknown): { errorMessage: string; errorData?: JSONValue } {
  const complete = error instanceof Error && (passed.has(error) || error instanceof PlatformError);
  const errorMessage = `[Request ID: local] Server Error\n${complete ? error.message : titleOf(error)}`;
  return isConvexError(error) ? { errorMessage, errorData: convexToJson(error.data) } : { errorMessage };
}

function titleOf(error: unknown): string {
  return `Uncaught ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`;
}
function isConvexError(error: unknown): error is ConvexError<string> {
  return typeof error === "object" && error !== null && Symbol.for("ConvexError") in error;
}

/** The frames that lie in pushed modules, at the places that the backend names. */
function framesOf(error: unknown, functionName: string): string[] {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const frames = stack.split("\n").flatMap((line) => {
    const frame =
      /^ {4}at (?:(.*) \()?.*\/local-convex-[^/]*\/definition\d+\/modules\/(.*)\.js:(\d+:\d+)\)?$/.exec(line);
    if (frame === null) return [];
    const [, name = "", file = "", position = ""] = frame;
    return [`    at ${name === "" ? "async handler" : name} (../convex/${file}.ts:${position})`];
  });
  const [file = ""] = functionName.split(":");
  return frames.length > 0 ? frames : [`    at async handler (../convex/${file}.ts)`];
}
