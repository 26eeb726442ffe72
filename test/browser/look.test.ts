import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { violations } from "./accessibility.js";
import { NARROW, Stage } from "./stage.js";

let stage: Stage;

const FLIGHT = "2001/02/09 13:30~MCI~STL";

/** Every main page, and what tells that it is there. */
const PAGES: Record<string, { hash: string; ready: (page: Page) => Promise<void> }> = {
  board: {
    hash: "#/",
    ready: (page) => page.getByRole("link", { name: /LAS to PHX, 1 Apr 21:23/ }).waitFor(),
  },
  "flight beside the board": {
    hash: `#/?flight=${encodeURIComponent(FLIGHT)}`,
    ready: (page) => page.getByText("Crew timed out.", { exact: true }).waitFor(),
  },
  airport: {
    hash: "#/airport/ORD",
    ready: (page) => page.getByText("Chicago O'Hare International").waitFor(),
  },
  watchlist: {
    hash: "#/watchlist",
    ready: (page) => page.getByRole("main").getByText("8 h 29 min late").waitFor(),
  },
  operations: {
    hash: "#/operations",
    ready: (page) =>
      page
        .getByRole("row", { name: /^flights/ })
        .getByText("5,030")
        .waitFor(),
  },
  "guard, a refused write": {
    hash: "#/guard/byId",
    ready: async (page) => {
      await page.getByRole("button", { name: "Run it" }).click();
      await page.getByText("Refused", { exact: true }).waitFor();
    },
  },
  "guard, the dashboard": {
    hash: "#/guard/dashboard",
    ready: async (page) => {
      await page.getByRole("button", { name: "Audit" }).click();
      await page.getByText("Every row is as").waitFor();
    },
  },
};

beforeAll(async () => {
  stage = await Stage.open();
  await stage.firstSync();
  const [date, origin, destination] = FLIGHT.split("~");
  const flight = { date, origin, destination };
  await stage.admin("watchlist:add", { flight, addedBy: "Ruth" });
  await stage.admin("notes:add", { flight, author: "Ruth", text: "Crew timed out." });
  await stage.laterSync();
});

afterAll(async () => {
  await stage.close();
});

describe.each(["light", "dark"] as const)("in %s", (colorScheme) => {
  test.each(Object.entries(PAGES))("axe-core finds no violation: %s", async (_name, { hash, ready }) => {
    const page = await stage.visit(hash, { colorScheme });
    await ready(page);
    expect(await violations(page)).toEqual([]);
    await page.context().close();
  });
});

test.each(Object.entries(PAGES))(
  "fits a telephone, without scrolling sideways: %s",
  async (_name, { hash, ready }) => {
    const page = await stage.visit(hash, { viewport: NARROW });
    await ready(page);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(NARROW.width);
    expect(await violations(page)).toEqual([]);
    await page.context().close();
  },
);

test.each(Object.entries(PAGES))(
  "fits a small laptop, with every badge and verdict in sight: %s",
  async (_name, { hash, ready }) => {
    const page = await stage.visit(hash, { viewport: { width: 1024, height: 768 } });
    await ready(page);
    const outside = await page.evaluate(() => {
      const shown = document.querySelectorAll(".csi-badge, [class*=verdict], nav a, h1, h2");
      return [...shown]
        .filter((each) => {
          const { left, right, width } = each.getBoundingClientRect();
          return width > 0 && (left < 0 || right > innerWidth);
        })
        .map((each) => each.textContent);
    });
    expect(outside).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(1024);
    await page.context().close();
  },
);
