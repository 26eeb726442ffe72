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

function card(mirror: string) {
  return page.getByRole("article", { name: mirror });
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

/** What opens a part of a card. */
function details(mirror: string, part: string) {
  return card(mirror).locator("summary").filter({ hasText: part });
}

test("a sync runs, and the panel and the badges follow it without a reload", async () => {
  await card("flights").getByText("Waiting", { exact: true }).waitFor();
  await stage.firstSync();
  await card("flights").getByText("5,000", { exact: true }).waitFor();
  await card("airports").getByText("3,376", { exact: true }).waitFor();
  await page
    .getByRole("banner")
    .getByText(/^flights/)
    .waitFor();

  await details("flights", "Runs").click();
  await card("flights").getByRole("table").getByText("5,000").first().waitFor();
  expect(await violations(page)).toEqual([]);
});

test("a bad row appears in quarantine with its reason, and stays there as long as the schema refuses it", async () => {
  await stage.send("airports", NAMELESS);
  await page.getByText("1 change in quarantine").waitFor();
  await details("airports", "Quarantine").click();
  const entry = card("airports").getByRole("listitem").filter({ hasText: "XNW" });
  await entry.getByText(/name/).first().waitFor();

  await card("airports").getByRole("button", { name: "Replay" }).click();
  await card("airports").getByText("Replay started").waitFor();
  expect(await entry.count()).toBe(1);
  expect(await violations(page)).toEqual([]);
});

test("with the schema fixed and pushed, the row is replayed and found", async () => {
  const file = path.join(stage.project.directory, "convex/schema.ts");
  const schema = await readFile(file, "utf8");
  await writeFile(file, schema.replace("name: v.string()", "name: v.union(v.string(), v.null())"));
  await stage.project.push();

  await card("airports").getByRole("button", { name: "Replay" }).click();
  await card("airports").getByText("Nothing in quarantine.").waitFor();
  await page.getByRole("combobox").fill("nowhere");
  await page.getByRole("option", { name: /XNW/ }).click();
  await page.getByRole("heading", { name: "XNW" }).waitFor();
  await page.getByText("Nowhere, NM").waitFor();
});

test("an edit as in the dashboard is found by the panel's audit", async () => {
  await page.goto(`${stage.url}#/operations`);
  await details("flights", "Audit").click();
  await card("flights").getByRole("button", { name: "Audit flights" }).click();
  await card("flights").getByText("Every row is as the importer left it.").waitFor();

  await fetch(`${stage.url}outside/edit`, { method: "POST" });
  await card("flights").getByRole("button", { name: "Audit flights" }).click();
  await card("flights").getByText("1 row was written outside the importer").waitFor();
});
