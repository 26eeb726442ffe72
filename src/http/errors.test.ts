import { ConvexError } from "convex/values";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { NameError } from "../changes/identifiers.js";
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
      "that is a refusal is told as it is",
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
    const message =
      error instanceof ConvexError ? (error.data as { message: string }).message : error.message;
    expect(await response.json()).toEqual({ code, message });
    expect(console.error).not.toHaveBeenCalled();
  });

  test.each([
    new Error("secret: the row was {ssn: 1}"),
    new ConvexError({ code: "SomethingElse", message: "secret" }),
    new ConvexError("secret"),
    "secret",
    null,
    undefined,
  ])("that nobody expected (%s) is told without its details, which go to the log", async (error) => {
    const response = errorResponse(error);
    expect(response.status).toBe(500);
    const text = await response.text();
    expect(text).not.toContain("secret");
    expect(JSON.parse(text)).toMatchObject({ code: "InternalServerError" });
    expect(console.error).toHaveBeenCalledWith(expect.any(String), error);
  });

  test("keeps its code for those who show it elsewhere", () => {
    expect(describeError(new HttpError(400, "BadJsonBody", "No."))).toMatchObject({ code: "BadJsonBody" });
  });
});
