import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { Stage } from "./stage.js";

let stage: Stage;
let page: Page;

beforeAll(async () => {
  stage = await Stage.open();
  page = await stage.visit();
});

afterAll(async () => {
  await stage.close();
});

afterEach(() => {
  expect(stage.complaints).toEqual([]);
});

/** The most delayed flight of the data. */
const LATE = { date: "2001/02/09 13:30", origin: "MCI", destination: "STL", distance: 237 };

function flightLink(name: RegExp) {
  return page.getByRole("main").getByRole("link", { name }).first();
}

/** What the board lists, from the top. */
async function delays(): Promise<string[]> {
  const rows = page.getByRole("table", { name: "Flights" }).locator("tbody tr td:nth-child(5)");
  return await rows.evaluateAll((cells) =>
    cells.map((cell) => cell.querySelector(".sr-only")?.textContent ?? ""),
  );
}

test("before the first row, the page says what it waits for", async () => {
  await page.getByText("No flights yet").waitFor();
});

test("a sync runs, and the board, the badges and the panel change without a reload", async () => {
  const badge = page
    .getByRole("banner")
    .getByText(/^flights/)
    .locator("..");
  const panel = page.getByRole("region", { name: "Imports" }).getByRole("row", { name: /^flights/ });
  await page.evaluate(() => Object.assign(window, { sameDocument: true }));
  await stage.firstSync();
  await flightLink(/DFW to IAD, 31 Mar 21:42, 36 min late/).waitFor();
  await panel.getByText("5,000").waitFor();
  await expect.poll(() => badge.innerText()).toMatch(/loading|live|last rows/);

  await stage.laterSync();
  await flightLink(/LAS to PHX, 1 Apr 21:23, 7 min early/).waitFor();
  await panel.getByText("5,030").waitFor();
  expect(await page.evaluate(() => "sameDocument" in window)).toBe(true);
});

test("a changed delay shows in the open row, and the row says by how much", async () => {
  await page.getByRole("link", { name: "Most delayed", exact: true }).click();
  await flightLink(/MCI to STL, 9 Feb 13:30, 8 h 29 min late/).waitFor();
  await stage.send("flights", { ...LATE, delay: 521 });
  await flightLink(/MCI to STL, 9 Feb 13:30, 8 h 41 min late/).waitFor();
  await page.getByRole("row", { name: /MCI/ }).getByText("▲12").waitFor();
});

test("sorts by delay, both ways", async () => {
  await page.getByRole("link", { name: "Most delayed", exact: true }).click();
  await expect.poll(async () => (await delays())[0]).toBe("8 h 41 min late");
  await page.getByRole("link", { name: "Furthest ahead", exact: true }).click();
  await expect.poll(async () => (await delays())[0]).toMatch(/early$/);
  expect(
    await page.getByRole("link", { name: "Furthest ahead", exact: true }).getAttribute("aria-current"),
  ).toBe("true");
});

test("by keyboard alone: find an airport, open a flight of it, write a note, watch it, close it", async () => {
  const focused = () =>
    page.evaluate(() => {
      const { activeElement: element } = document;
      return element?.getAttribute("aria-label") ?? element?.textContent ?? "";
    });
  const tabTo = async (wanted: RegExp): Promise<void> => {
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press("Tab");
      if (wanted.test(await focused())) return;
    }
    throw new Error(`Tab does not lead to ${String(wanted)}`);
  };
  await page.goto(stage.url);
  await page.getByRole("heading", { name: "Departures" }).waitFor();
  await page.keyboard.press("Tab");
  expect(await focused()).toBe("Skip to the board");
  await page.keyboard.press("Enter");
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("main");

  await page.keyboard.press("/");
  await page.keyboard.type("kansas ci");
  await page.getByRole("option", { name: /MCI/ }).waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "MCI" }).waitFor();

  await tabTo(/^Most delayed$/);
  await page.keyboard.press("Enter");
  // The list of before stays until the sorted one is there; Tab must walk the second.
  const top = page.getByRole("table", { name: "Departures" }).getByRole("link").first();
  await expect.poll(() => top.textContent()).toMatch(/MCI to STL, 9 Feb 13:30/);
  await tabTo(/MCI to STL, 9 Feb 13:30/);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: /MCI.*STL/ }).waitFor();

  // The heading is there at once, from the address; the rest of the panel, once its queries have answered.
  await page.getByRole("button", { name: "Watch", exact: true }).waitFor();
  await tabTo(/^Watch$/);
  await page.keyboard.press("Space");
  await page.getByRole("button", { name: "Watched" }).waitFor();
  await tabTo(/^$/);
  await page.keyboard.type("Crew timed out.");
  await page.keyboard.press("Control+Enter");
  await page.getByRole("complementary").getByText("Crew timed out.", { exact: true }).waitFor();

  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Escape");
  await expect.poll(() => page.url()).not.toContain("flight=");
});

test("notes and the watchlist survive the flight's deletion in the source, and meet it again", async () => {
  await page.getByRole("link", { name: "Watchlist", exact: true }).click();
  const card = page.getByRole("main").getByRole("listitem").filter({ hasText: "MCI" }).first();
  await card.getByText("8 h 41 min late").waitFor();

  await stage.send("flights", { ...LATE, delay: null, _ab_cdc_deleted_at: "2001-04-02T00:00:00Z" });
  await card.getByText("Deleted in the source").waitFor();
  await card.getByRole("link").click();
  const panel = page.getByRole("region", { name: /MCI/ });
  await panel.getByText("The source no longer has this flight").waitFor();
  await panel.getByText("Crew timed out.", { exact: true }).waitFor();

  await stage.send("flights", { ...LATE, delay: 540 });
  await panel.getByText("9 h late").waitFor();
  await panel.getByText("Crew timed out.", { exact: true }).waitFor();
  await card.getByText("19 min later than when watched").waitFor();
});
