import { mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Stage } from "./stage.js";

/** The pictures of the README: `npm run screenshots` puts them in their place, the test run only takes them. */
const IMAGES = fileURLToPath(new URL("../../docs/images", import.meta.url));
const KEEP = process.env.UPDATE === "1";

/** A page of documentation loads four of them. */
const MAX_BYTES = 300_000;

let stage: Stage;
let directory: string;

beforeAll(async () => {
  directory = KEEP ? IMAGES : await mkdtemp(path.join(os.tmpdir(), "apron-images-"));
  await mkdir(directory, { recursive: true });
  stage = await Stage.open();
  await stage.firstSync();
  await addOurs();
});

afterAll(async () => {
  await stage.close();
  if (!KEEP) await rm(directory, { recursive: true, force: true });
});

/** What people wrote and watch: the same for every picture. */
async function addOurs(): Promise<void> {
  const board = (await stage.admin("flights:board", { sort: "latest", limit: 40 })) as {
    key: object;
  }[];
  const late = (await stage.admin("flights:board", { sort: "late", limit: 2 })) as { key: object }[];
  const call = async (name: string, args: object): Promise<void> => {
    await stage.admin(name, args);
  };
  const notes = [
    [late[1]!.key, "Ruth", "Crew timed out. Replacement on the way from the hotel."],
    [board[3]!.key, "Imani", "Moved to stand 41, tow at half past."],
    [board[6]!.key, "Tomás", "Waiting for the inbound aircraft. 38 connections to rebook."],
    [board[6]!.key, "Ruth", "31 of 38 rebooked, vouchers for the rest."],
  ] as const;
  for (const [flight, author, text] of notes) await call("notes:add", { flight, author, text });
  for (const { key } of [late[1]!, board[3]!, board[6]!, board[9]!]) {
    await call("watchlist:add", { flight: key, addedBy: "Ruth" });
  }
}

/** Opens a page as the pictures show it. */
async function visit(hash: string, height = 800): Promise<Page> {
  return await stage.visit(hash, { colorScheme: "dark", viewport: { width: 1280, height } });
}

async function shoot(page: Page, name: string): Promise<void> {
  const file = path.join(directory, `${name}.png`);
  await page.screenshot({ path: file });
  const { size } = await stat(file);
  expect(size).toBeGreaterThan(20_000);
  expect(size).toBeLessThan(MAX_BYTES);
}

test("the board during a sync", async () => {
  const page = await visit("#/");
  await page
    .getByRole("row", { name: /^flights/ })
    .getByText("5,000")
    .waitFor();
  const sync = stage.laterSync({ slow: true });
  // Half-way: the rows of the last checkpoints are still lit.
  await page
    .getByRole("link", { name: /1 Apr 1/ })
    .nth(2)
    .waitFor();
  await shoot(page, "board");
  await sync;
  await page.context().close();
});

test("the operations page", async () => {
  // A run that says when it is through, as Airbyte's connector does not.
  await fetch(`${stage.url}outside/resend`, { method: "POST" });
  const page = await visit("#/operations");
  await page
    .getByRole("row", { name: /^flights/ })
    .getByText("Up to date")
    .waitFor();
  await page.getByRole("button", { name: "flights", exact: true }).click();
  await page.getByRole("region", { name: "Runs of flights" }).waitFor();
  await shoot(page, "operations");
  await page.context().close();
});

test("quarantine", async () => {
  const page = await visit("#/operations");
  const place = { country: "USA", latitude: 32.31, longitude: -110.96 };
  await stage.send(
    "airports",
    { iata: "TUX", name: null, city: "Tucson", state: "AZ", ...place },
    { iata: "AVQ", name: "Marana Regional", city: "Marana", state: "AZ", ...place, latitude: "32° 24' N" },
  );
  await page.getByText("1 needs attention").waitFor();
  await page.getByRole("button", { name: "airports", exact: true }).click();
  const drawer = page.getByRole("dialog", { name: "airports" });
  await drawer.getByText("The change").first().click();
  await drawer.getByText("TUX").first().waitFor();
  await shoot(page, "quarantine");
  await page.context().close();
});

test("the guard page", async () => {
  const page = await visit("#/guard/byId", 960);
  await page.getByRole("button", { name: "Run it" }).click();
  await page.getByText("Refused", { exact: true }).waitFor();
  await shoot(page, "guard");
  await page.context().close();
});
