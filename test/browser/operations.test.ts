import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { violations } from "./accessibility.js";
import { Stage } from "./stage.js";

let stage: Stage;
let page: Page;

beforeAll(async () => {
  stage = await Stage.open();
  page = await stage.visit("#/operations");
});

afterAll(async () => {
  await stage.close();
});

afterEach(() => {
  expect(stage.complaints).toEqual([]);
});

/** The line of a mirror. */
function line(mirror: string) {
  return page.getByRole("row", { name: new RegExp(`^${mirror}`) });
}

/** The drawer of a mirror, which its name opens. */
function drawer(mirror: string) {
  return page.getByRole("dialog", { name: mirror });
}

async function open(mirror: string): Promise<void> {
  await page.getByRole("button", { name: mirror, exact: true }).click();
  await drawer(mirror).waitFor();
}

/** An airport whose name the source does not know yet. The schema wants one. */
const NAMELESS = {
  iata: "XNW",
  name: null,
  city: "Nowhere",
  state: "NM",
  country: "USA",
  latitude: 35,
  longitude: -106,
};

/** What opens a section of a drawer. */
function section(mirror: string, part: string) {
  return drawer(mirror).locator("summary").filter({ hasText: part });
}

test("a sync runs, and the panel and the badges follow it without a reload", async () => {
  await stage.firstSync();
  await line("flights").getByText("5,000").waitFor();
  await line("airports").getByText("3,376").waitFor();
  await page
    .getByRole("banner")
    .getByText(/^flights/)
    .waitFor();

  await open("flights");
  await drawer("flights").getByRole("table").getByText("5,000").first().waitFor();
  expect(await violations(page)).toEqual([]);
  await page.keyboard.press("Escape");
});

test("a bad row appears in quarantine with its reason, and stays there as long as the schema refuses it", async () => {
  await stage.send("airports", NAMELESS);
  await page.getByText("1 needs attention").waitFor();
  await open("airports");
  await drawer("airports").getByText("iata XNW", { exact: true }).waitFor();
  const entry = drawer("airports").getByRole("listitem").filter({ hasText: "XNW" });
  await entry.getByText(/name/).first().waitFor();

  await drawer("airports").getByRole("button", { name: "Replay" }).click();
  await drawer("airports").getByText("Replay started").waitFor();
  await entry.first().waitFor();
  expect(await violations(page)).toEqual([]);
});

test("with the schema fixed and pushed, the row is replayed and found", async () => {
  const file = path.join(stage.project.directory, "convex/schema.ts");
  const schema = await readFile(file, "utf8");
  await writeFile(file, schema.replace("name: v.string()", "name: v.union(v.string(), v.null())"));
  await stage.project.push();

  await drawer("airports").getByRole("button", { name: "Replay" }).click();
  await drawer("airports").getByText("Nothing in quarantine.").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("combobox").fill("nowhere");
  await page.getByRole("option", { name: /XNW/ }).click();
  await page.getByRole("heading", { name: "XNW" }).waitFor();
  await page.getByText("Nowhere, NM").waitFor();
});

test("an edit as in the dashboard is found by the panel's audit", async () => {
  await page.goto(`${stage.url}#/operations`);
  await open("flights");
  await section("flights", "Audit").click();
  await drawer("flights").getByRole("button", { name: "Audit flights" }).click();
  await drawer("flights").getByText("Every row is as the importer left it.").waitFor();

  await fetch(`${stage.url}outside/edit`, { method: "POST" });
  await drawer("flights").getByRole("button", { name: "Audit flights" }).click();
  await drawer("flights").getByText("1 row was written outside the importer").waitFor();
});
