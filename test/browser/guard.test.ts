import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import verdicts from "../../example/src/guard/verdicts.json";
import { Stage } from "./stage.js";

let stage: Stage;
let page: Page;

beforeAll(async () => {
  stage = await Stage.open();
  await stage.firstSync();
  page = await stage.visit("#/guard");
});

afterAll(async () => {
  await stage.close();
});

afterEach(() => {
  // Convex's client writes to the console what a function throws, refusals too.
  expect(stage.complaints.filter((text) => !text.includes("MirrorIsReadOnly"))).toEqual([]);
});

/** What a layer says to the program that is open. */
function layer(name: string) {
  return page.getByRole("listitem").filter({ has: page.getByRole("heading", { name, exact: true }) });
}

test.each([
  ["Insert a row", "direct", "insert"],
  ["Patch a row by its id", "byId", "patch"],
  ["Let the client name the table", "dynamicName", "insert"],
  ["Hide the writer behind any", "untyped", "patch"],
  ["Go through an action", "viaAction", "patch"],
] as const)("%s: the layers say why not, and the run time refuses it", async (title, name, operation) => {
  const before = await rows();
  const { types, eslint, gate } = verdicts.attempts[name];
  await page.getByRole("navigation", { name: "Attempts" }).getByRole("link", { name: title }).click();
  await page.getByRole("heading", { name: title }).waitFor();
  await layer("Types")
    .getByText(types[0]?.name ?? "Compiles", { exact: true })
    .waitFor();
  await layer("ESLint")
    .getByText(eslint[0]?.name ?? "Nothing to report here", { exact: true })
    .waitFor();
  await layer("Gate")
    .getByText(gate.length > 0 ? "Not deployed" : "Nothing found", { exact: true })
    .waitFor();

  await layer("Run time").getByRole("button", { name: "Run it" }).click();
  await layer("Run time").getByText("Refused", { exact: true }).waitFor();
  await layer("Run time").getByText("MirrorIsReadOnly").click();
  const said = await layer("Run time").getByRole("status").innerText();
  expect(said).toContain("MirrorIsReadOnly");
  expect(said).toContain(`${operation} on flights`);
  expect(said).toContain('a read-only mirror of "public.flights" (owner: Flight Data)');
  expect(said).toContain("Remedy Write a table of your own");
  expect(await rows()).toEqual(before);
});

test("Convex's own builder has no guard: ESLint stops it, and nothing of it is deployed", async () => {
  await page.getByRole("link", { name: "Take Convex’s own builder" }).click();
  await layer("ESLint").getByText("no-mirror-writes").waitFor();
  await layer("Gate").getByText("Not deployed", { exact: true }).waitFor();
  expect(await layer("Run time").getByRole("button").count()).toBe(0);
});

test("an edit as in the dashboard is found by the audit, and the source mends it", async () => {
  await page.getByRole("link", { name: "Edit a row in the dashboard" }).click();
  await page.getByRole("button", { name: "Audit" }).click();
  await page.getByText("Every row is as the importer left it.").waitFor();

  await page.getByRole("button", { name: "Edit a flight" }).click();
  const edited = await page.getByText(/became/).innerText();
  const [, from, to] = /([A-Z]{3}) to ([A-Z]{3})/.exec(edited)!;
  const [, before, after] = /delay (\S+) became (\S+)\./.exec(edited)!;
  expect(Number(after!.replace("−", "-")) - Number(before!.replace("−", "-"))).toBe(60);

  await page.getByRole("button", { name: "Audit" }).click();
  await page.getByText("1 row was written outside the importer").waitFor();
  await page
    .getByRole("listitem")
    .getByText(new RegExp(`"${from!}","${to!}"`))
    .waitFor();

  await page.getByRole("button", { name: "Repair" }).click();
  await page.getByText("1 row is asked for again.").waitFor();
  await page.getByRole("button", { name: "Run the source" }).click();
  await page.getByText(`The delay is ${before!} again.`).waitFor();
  await page.getByRole("button", { name: "Audit" }).click();
  await page.getByText("Every row is as the importer left it.").waitFor();
});

/** How many flights there are, and how late the latest of them are. */
async function rows(): Promise<unknown> {
  const board = (await stage.admin("flights:board", { sort: "late", limit: 200 })) as {
    delay: number;
  }[];
  return [
    await stage.admin("_system/cli/tableSize:default", { tableName: "flights" }),
    board.map(({ delay }) => delay),
  ];
}
