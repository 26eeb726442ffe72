import { ConvexError } from "convex/values";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { NameError } from "../core/rows/names.js";
import { pageOf } from "../core/docs.js";
import { describe as describeError, errorResponse, HttpError } from "./errors.js";

beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe("an error", () => {
  test.each<[string, Error, number, string]>([
    [
      "that is a refusal is passed on as it is",
      new HttpError(413, "BodyTooLarge", "Too large."),
      413,
      "BodyTooLarge",
    ],
    ["of a name is the client's", new NameError("Too long."), 400, "InvalidTableName"],
    [
      "of a stale run is a conflict",
      new ConvexError({ code: "StaleRun", message: "Late." }),
      409,
      "StaleRun",
    ],
    [
      "of a missing declaration may pass",
      new ConvexError({ code: "NotDeclared", message: "Not yet." }),
      503,
      "NotSetUp",
    ],
    [
      "of a missing mirror may pass",
      new ConvexError({ code: "UnknownMirror", message: "Not yet." }),
      503,
      "NotSetUp",
    ],
  ])("%s", async (_, error, status, code) => {
    const response = errorResponse(error);
    expect(response.status).toBe(status);
    expect(response.headers.get("Content-Type")).toContain("application/json");
    expect(response.headers.get("Link")).toBe(`<${pageOf(code)}>; rel="help"`);
    const message =
      error instanceof ConvexError ? (error.data as { message: string }).message : error.message;
    expect(await response.json()).toMatchObject({ code, message });
    expect(response.headers.get("Retry-After")).toBe(status === 503 ? "60" : null);
    expect(console.error).not.toHaveBeenCalled();
  });

  test.each([
    new Error("secret: the row was {ssn: 1}"),
    new ConvexError({ code: "SomethingElse", message: "secret" }),
    new ConvexError("secret"),
    "secret",
    null,
    undefined,
  ])("that nobody expected (%s) is answered without its details, which are logged", async (error) => {
    const response = errorResponse(error);
    expect(response.status).toBe(500);
    const text = await response.text();
    expect(text).not.toContain("secret");
    expect(JSON.parse(text)).toMatchObject({ code: "InternalServerError" });
    expect(console.error).toHaveBeenCalledWith(expect.any(String), error);
  });

  test.each([
    ["OverBudget", 429, 1_200, "2"],
    ["OverBudget", 429, 0, "1"],
    ["MirrorPaused", 503, 60_000, "60"],
  ])("that passes says when to come back: %s", async (code, status, retryAfterMs, seconds) => {
    const response = errorResponse(new ConvexError({ code, message: "Later.", retryAfterMs }));
    expect([response.status, response.headers.get("Retry-After")]).toEqual([status, seconds]);
    expect(await response.json()).toEqual({ code, message: "Later.", retryAfterMs });
  });

  test.each([
    "OptimisticConcurrencyControlFailure: Documents read from or written to a table changed.",
    "TooManyWrites: Too many bytes written per second.",
    "The server is overloaded, try again.",
  ])("of a busy deployment passes: %s", async (message) => {
    const response = errorResponse(new Error(message));
    expect([response.status, response.headers.get("Retry-After")]).toEqual([503, "5"]);
    expect(await response.json()).toMatchObject({ code: "Overloaded", retryAfterMs: 5_000 });
  });

  test.each([
    [
      "Uncaught Error: Could not find function for 'imports:rows'.",
      "imports:rows, which the importer calls. Export it from convex/imports.ts",
    ],
    [
      'Expected a Convex function exported from module "a/imports" as `write`, but there is no such export.',
      "a/imports:write, which the importer calls. Export it from convex/a/imports.ts",
    ],
    ["Function handle not found", "a function that the importer calls. Export it"],
  ])("of a function that the app lacks says which to export: %s", async (message, says) => {
    const response = errorResponse(new Error(message));
    expect([response.status, response.headers.get("Retry-After")]).toEqual([503, "60"]);
    const body = (await response.json()) as { code: string; message: string };
    expect(body.code).toBe("NotSetUp");
    expect(body.message).toContain(`The app does not export ${says} and deploy.`);
  });

  test("of the ledger is known by its brand, whatever copy of the class it is of", () => {
    const data = { code: "StaleRun", message: "Late." };
    const foreign = Object.assign(new Error("Late."), { data, [Symbol.for("ConvexError")]: true });
    expect(describeError(foreign)).toMatchObject({ status: 409, code: "StaleRun", message: "Late." });
    expect(describeError(Object.assign(new Error("Late."), { data }))).toMatchObject({ status: 500 });
  });

  test("tells what would have been right, where a number does", async () => {
    const response = errorResponse(
      new ConvexError({ code: "OutOfSequence", message: "Not yet.", expected: 7 }),
    );
    expect([response.status, await response.json()]).toEqual([
      409,
      { code: "OutOfSequence", message: "Not yet.", expected: 7 },
    ]);
  });

  test("keeps its code for those who show it elsewhere", () => {
    expect(describeError(new HttpError(400, "BadJsonBody", "No."))).toMatchObject({ code: "BadJsonBody" });
  });
});
