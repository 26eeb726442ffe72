import { mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Stage } from "./stage.js";

/** The pictures of the README: `npm run screenshots` puts them in their place, the test run only takes them. */
const IMAGES = fileURLToPath(new URL("../../docs/images", import.meta.url));
const KEEP = process.env.UPDATE === "1";

/** A page of documentation loads four of them. */
const MAX_BYTES = 300_000;

/** Pictures in a moving one, and its size. */
const FRAMES = 16;
const MAX_FILM_BYTES = 1_000_000;

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

const SCHEMES = ["light", "dark"] as const;
type Scheme = (typeof SCHEMES)[number];
type Pages = Record<Scheme, Page>;

/** Opens a page in light and in dark, as the pictures show it. */
async function visit(hash: string, height = 800): Promise<Pages> {
  const open = (colorScheme: Scheme) => stage.visit(hash, { colorScheme, viewport: { width: 1280, height } });
  return { light: await open("light"), dark: await open("dark") };
}

async function inBoth(pages: Pages, act: (page: Page) => Promise<void>): Promise<void> {
  for (const scheme of SCHEMES) await act(pages[scheme]);
}

/** Takes the picture of a page in both schemes, and closes it. */
async function shoot(pages: Pages, name: string): Promise<void> {
  for (const scheme of SCHEMES) {
    const file = path.join(directory, `${name}-${scheme}.png`);
    await pages[scheme].screenshot({ path: file });
    const { size } = await stat(file);
    expect(size).toBeGreaterThan(20_000);
    expect(size).toBeLessThan(MAX_BYTES);
    await pages[scheme].context().close();
  }
}

/** Takes pictures of a page while something goes on, and makes a moving one of those that differ. */
async function film(pages: Pages, name: string, action: Promise<void>): Promise<void> {
  const frames: Record<Scheme, Buffer[]> = { light: [], dark: [] };
  const progress = { ended: false };
  const ending = action.finally(() => {
    progress.ended = true;
  });
  while (!progress.ended) {
    for (const scheme of SCHEMES) {
      const frame = await pages[scheme].screenshot({ type: "png" });
      if (frames[scheme].at(-1)?.equals(frame) !== true) frames[scheme].push(frame);
    }
  }
  await ending;
  for (const scheme of SCHEMES) {
    const shown = spread(frames[scheme], FRAMES);
    expect(shown.length).toBeGreaterThan(1);
    const small = await Promise.all(
      shown.map((frame) => sharp(frame).resize({ width: 960 }).png().toBuffer()),
    );
    const file = path.join(directory, `${name}-${scheme}.webp`);
    const delay = small.map((_, i) => (i === small.length - 1 ? 2_000 : 350));
    await sharp(small, { join: { animated: true } })
      .webp({ quality: 60, delay, loop: 0 })
      .toFile(file);
    expect((await stat(file)).size).toBeLessThan(MAX_FILM_BYTES);
  }
}

/** At most so many of a list, the first and the last among them. */
function spread<Item>(items: readonly Item[], most: number): Item[] {
  if (items.length <= most) return [...items];
  return Array.from({ length: most }, (_, i) => items[Math.round((i * (items.length - 1)) / (most - 1))]!);
}

test("the board during a sync", async () => {
  const pages = await visit("#/");
  await inBoth(pages, (page) =>
    page
      .getByRole("row", { name: /^flights/ })
      .getByText("5,000")
      .waitFor(),
  );
  const sync = stage.laterSync({ slow: true });
  const halfway = pages.dark
    .getByRole("link", { name: /1 Apr 1/ })
    .nth(2)
    .waitFor();
  await film(
    pages,
    "live",
    Promise.all([sync, halfway]).then(() => undefined),
  );
  await shoot(pages, "board");
});

test("the operations page", async () => {
  // A run that says when it is through, as Airbyte's connector does not.
  await fetch(`${stage.url}outside/resend`, { method: "POST" });
  const pages = await visit("#/operations");
  await inBoth(pages, async (page) => {
    await page
      .getByRole("row", { name: /^flights/ })
      .getByText("Up to date")
      .waitFor();
    await page.getByRole("button", { name: "flights", exact: true }).click();
    await page.getByRole("region", { name: "Runs of flights" }).waitFor();
  });
  await shoot(pages, "operations");
});

test("quarantine", async () => {
  const pages = await visit("#/operations", 960);
  const place = { country: "USA", latitude: 32.31, longitude: -110.96 };
  await stage.send(
    "airports",
    { iata: "TUX", name: null, city: "Tucson", state: "AZ", ...place },
    { iata: "AVQ", name: "Marana Regional", city: "Marana", state: "AZ", ...place, latitude: "32° 24' N" },
  );
  await inBoth(pages, async (page) => {
    await page.getByText("1 needs attention").waitFor();
    await page.getByRole("button", { name: "airports", exact: true }).click();
    const drawer = page.getByRole("dialog", { name: "airports" });
    await drawer
      .getByText("Field for", { exact: false })
      .or(drawer.getByText("To let them in"))
      .first()
      .waitFor();
    await drawer.getByRole("heading", { name: "airports" }).hover();
    await drawer.locator("summary").filter({ hasText: "Quarantine" }).scrollIntoViewIfNeeded();
  });
  await shoot(pages, "quarantine");
});

test("the guard page", async () => {
  const pages = await visit("#/guard/byId");
  await inBoth(pages, async (page) => {
    await page.getByRole("button", { name: "Run it" }).click();
    await page.getByText("Refused", { exact: true }).waitFor();
  });
  await shoot(pages, "guard");
});
