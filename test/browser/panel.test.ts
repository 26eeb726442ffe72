import { mkdir } from "node:fs/promises";
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { launchChromium } from "../../tools/browser/chromium.js";
import { violations } from "./accessibility.js";
import { HOSTS, openPanel } from "./panel/hosts.js";
import { answers, MIRRORS } from "./panel/scenario.js";

/** The panel alone, in pages of every kind: how it looks there, and what each click does. */

const WIDTHS = [320, 768, 1280];

/** Where `PICTURES=folder` puts what each page looks like. */
const { PICTURES } = process.env;

let browser: Browser;
const complaints: string[] = [];

beforeAll(async () => {
  browser = await launchChromium();
  if (PICTURES !== undefined) await mkdir(PICTURES, { recursive: true });
});
afterAll(async () => {
  await browser.close();
});
afterEach(() => {
  expect(complaints.splice(0)).toEqual([]);
});

async function open(host = "a bare page", values: object = {}, options = {}): Promise<Page> {
  return await openPanel(browser, host, answers(values as Record<string, unknown>), complaints, options);
}

async function openMirror(page: Page, name: string) {
  await page.getByRole("button", { name, exact: true }).click();
  const drawer = page.getByRole("dialog", { name });
  await drawer.waitFor();
  return drawer;
}

/** Elements whose text is cut, or that reach out of the page, and what the host's styles did to the panel. */
async function flaws(page: Page): Promise<string[]> {
  return await page.evaluate(() => {
    const found: string[] = [];
    const name = (element: Element) =>
      `${element.tagName.toLowerCase()}.${element.getAttribute("class") ?? ""}`;
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth > clientWidth)
      found.push(`the page scrolls sideways: ${String(scrollWidth)} > ${String(clientWidth)}`);
    const modal = document.querySelector("dialog[open]");
    for (const element of (modal ?? document).querySelectorAll<HTMLElement>(".csi-root *, dialog *")) {
      if (element.closest(".csi-hidden, svg, .csi-scroll, pre, thead") !== null) continue;
      const box = element.getBoundingClientRect();
      if (box.width === 0 || box.height === 0) continue;
      if (box.right > clientWidth + 1 || box.left < -1)
        found.push(`${name(element)} reaches out of the page`);
      const style = getComputedStyle(element);
      if (element.scrollWidth > element.clientWidth + 1 && style.overflowX === "hidden")
        found.push(`${name(element)} is cut`);
      if (style.textAlign === "center" && element.closest("button") === null)
        found.push(`${name(element)} is centred`);
      if (!style.fontFamily.startsWith("system-ui") && !style.fontFamily.startsWith("ui-monospace"))
        found.push(`${name(element)} has the font ${style.fontFamily}`);
      if (style.textTransform !== "none" || style.letterSpacing !== "normal")
        found.push(`${name(element)} has the letters of the page`);
    }
    for (const number of document.querySelectorAll(".csi-root td.csi-number"))
      if (!getComputedStyle(number).fontVariantNumeric.includes("tabular-nums"))
        found.push("a number is not tabular");
    return [...new Set(found)];
  });
}

describe.each(Object.keys(HOSTS))("in %s", (host) => {
  test.each(WIDTHS)("it looks the same, %i px wide", async (width) => {
    for (const colorScheme of ["light", "dark"] as const) {
      const page = await open(host, {}, { viewport: { width, height: 800 }, colorScheme });
      const picture = async (what: string) => {
        const file = `${host.replaceAll(/\W+/g, "-")}-${String(width)}-${colorScheme}-${what}.png`;
        if (PICTURES !== undefined) await page.screenshot({ path: path.join(PICTURES, file) });
      };
      await picture("list");
      expect(await flaws(page)).toEqual([]);
      expect((await violations(page)).filter((text) => /csi-|button|table/.test(text))).toEqual([]);
      const rows = page.getByRole("table").getByRole("row");
      const heights = await rows.evaluateAll((all) =>
        all.slice(-40).map((row) => row.getBoundingClientRect().height),
      );
      expect(Math.max(...heights)).toBeLessThan(width < 600 ? 72 : 44);
      await openMirror(page, "invoices");
      await picture("drawer");
      expect(await flaws(page)).toEqual([]);
      expect((await violations(page)).filter((text) => /csi-|button|table/.test(text))).toEqual([]);
      await page.context().close();
    }
  });
});

describe("the list", () => {
  test("has a line for each of 50 mirrors, what needs attention first, and counts them above", async () => {
    const page = await open();
    const names = await page.getByRole("rowheader").allInnerTexts();
    expect(names).toHaveLength(MIRRORS.length);
    expect(names.slice(0, 4)).toEqual(["payments", "rates", "invoices", "ledger"]);
    const panel = page.getByRole("region", { name: "Imports" });
    expect(await panel.locator(".csi-summary").innerText()).toMatch(
      /5 need attention\s*1 loading\s*41 healthy\s*3 idle/,
    );
    await page.context().close();
  });

  test("opens a mirror by mouse and by keyboard; Escape, the cross and a click beside it close", async () => {
    const page = await open("a bare page", {}, { viewport: { width: 1280, height: 800 } });
    const drawer = page.getByRole("dialog");
    // Anywhere on its line.
    const { x, y } = (await page.getByText("Failed").boundingBox())!;
    await page.mouse.click(x + 20, y + 5);
    await page.getByRole("dialog", { name: "payments" }).waitFor();
    await page.keyboard.press("Escape");
    await drawer.waitFor({ state: "detached" });
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("payments");
    await page.keyboard.press("Enter");
    await drawer.getByRole("button", { name: "Close" }).click();
    await drawer.waitFor({ state: "detached" });
    await openMirror(page, "customers");
    await page.mouse.click(20, 400);
    await drawer.waitFor({ state: "detached" });
    await page.context().close();
  });

  test("follows the deployment, announces changes of state, and the drawer with it", async () => {
    const page = await open();
    const drawer = await openMirror(page, "customers");
    const mirrors = MIRRORS.map((mirror) =>
      mirror.name === "customers" ? { ...mirror, state: "stale", reason: "No contact for 3 h." } : mirror,
    );
    await page.evaluate(
      (value) => {
        (window as unknown as { answer: (name: string, value: unknown) => void }).answer(
          "importStatus",
          value,
        );
      },
      { mirrors, unknownStreams: 0, mayOperate: true },
    );
    await drawer.getByText("No contact for 3 h.").waitFor();
    await page.getByText("customers: Stale.").waitFor({ state: "attached" });
    await page.context().close();
  });
});

/** Calls of mutations so far. */
async function calls(page: Page): Promise<[name: string, args: object][]> {
  return await page.evaluate(() =>
    (window as unknown as { calls: { name: string; args: object }[] }).calls.map(
      ({ name, args }): [string, object] => [name, args],
    ),
  );
}

describe("every action", () => {
  test.each<[string, string, (drawer: ReturnType<Page["getByRole"]>) => Promise<void>, object]>([
    [
      "pauses",
      "customers",
      (drawer) => drawer.getByRole("button", { name: "Pause customers" }).click(),
      { pause: { mirror: "customers" } },
    ],
    [
      "resumes",
      "returns",
      (drawer) => drawer.getByRole("button", { name: "Resume returns" }).click(),
      { resume: { mirror: "returns" } },
    ],
    [
      "replays",
      "invoices",
      (drawer) => drawer.getByRole("button", { name: "Replay all 2,000" }).click(),
      { replay: { mirror: "invoices" } },
    ],
    [
      "replays a reason",
      "invoices",
      (drawer) => drawer.getByRole("button", { name: "Replay all 1,999: TypeMismatch on tags" }).click(),
      { replay: { mirror: "invoices", reason: "TypeMismatch tags" } },
    ],
    [
      "discards a reason, in two clicks",
      "invoices",
      async (drawer) => {
        await drawer.getByRole("button", { name: "Discard all 1,999: TypeMismatch on tags" }).click();
        await drawer.getByRole("button", { name: "Discard all 1,999 permanently" }).click();
      },
      { discard: { mirror: "invoices", reason: "TypeMismatch tags" } },
    ],
    [
      "discards one change, in two clicks",
      "invoices",
      async (drawer) => {
        await drawer.getByRole("button", { name: "Discard: id 200512" }).first().click();
        await drawer.getByRole("button", { name: "Keep" }).click();
        await drawer.getByRole("button", { name: "Discard: id 200512" }).first().click();
        await drawer.getByRole("button", { name: "Discard permanently" }).click();
      },
      { discard: { mirror: "invoices", ids: ["q1"] } },
    ],
    [
      "lets a held sweep go",
      "ledger",
      (drawer) =>
        drawer.getByRole("button", { name: "Delete what the refresh did not deliver: ledger" }).click(),
      { sweep: { mirror: "ledger" } },
    ],
    [
      "starts the count of a sender over",
      "customers",
      (drawer) => drawer.getByRole("button", { name: "Start the count over: customers" }).click(),
      { resetGeneration: { mirror: "customers" } },
    ],
    [
      "dismisses drift",
      "invoices",
      (drawer) => drawer.getByRole("button", { name: "Dismiss" }).click(),
      { forgetDrift: { mirror: "invoices" } },
    ],
    [
      "audits",
      "customers",
      async (drawer) => {
        await drawer.locator("summary").filter({ hasText: "Audit" }).click();
        await drawer.getByRole("button", { name: "Audit customers" }).click();
      },
      { audit: { mirror: "customers" } },
    ],
    [
      "repairs",
      "customers",
      async (drawer) => {
        await drawer.locator("summary").filter({ hasText: "Audit" }).click();
        await drawer.getByRole("button", { name: "Repair customers" }).click();
      },
      { repair: { mirror: "customers", removeAdded: true } },
    ],
  ])("%s", async (_what, mirror, act, expected) => {
    const page = await open();
    const drawer = await openMirror(page, mirror);
    await act(drawer);
    const [[name, args]] = Object.entries(expected) as [[string, object]];
    await expect.poll(() => calls(page)).toEqual([[name, args]]);
    expect((await violations(page)).filter((text) => text.includes("csi-"))).toEqual([]);
    await page.context().close();
  });

  test("dismisses a stream without a mirror, and copies the code for it", async () => {
    const page = await open("a bare page", {}, { permissions: ["clipboard-read", "clipboard-write"] });
    await page.locator("summary").filter({ hasText: "public_carts" }).click();
    await page.getByRole("button", { name: "Copy: Mirror for public_carts" }).click();
    await page.getByText("Copied").waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toContain("carts: mirrorTable(");
    await page.getByRole("button", { name: "Dismiss" }).click();
    await expect.poll(() => calls(page)).toEqual([["forgetStream", { stream: "public_carts" }]]);
    await page.context().close();
  });

  test("that fails says why, beside its button", async () => {
    const page = await open();
    await page.evaluate(() => {
      (window as unknown as { refusals: Record<string, string> }).refusals.pause =
        "You may not operate imports.";
    });
    const drawer = await openMirror(page, "customers");
    await drawer.getByRole("button", { name: "Pause customers" }).click();
    await drawer.getByText("You may not operate imports.").waitFor();
    await page.context().close();
  });

  test("switches the plot, by mouse and by arrow keys", async () => {
    const page = await open();
    const drawer = await openMirror(page, "customers");
    await drawer.getByRole("img", { name: /^Rows: from 400,000 rows to 1,284,217 rows/ }).waitFor();
    await drawer.getByRole("radio", { name: "Lag" }).check();
    await drawer.getByRole("img", { name: /^Lag: from 500 ms to 850 ms/ }).waitFor();
    await page.keyboard.press("ArrowLeft");
    await drawer.getByRole("img", { name: /^Throughput: / }).waitFor();
    await page.context().close();
  });
});

describe("every state", () => {
  test.each([
    "Up to date",
    "Loading, 25 %",
    "2,000 rows waiting",
    "Sweep held",
    "Failed",
    "Late",
    "Stale",
    "Paused",
    "Removed",
    "Waiting",
  ])("%s is in the list", async (label) => {
    const page = await open();
    await page.getByRole("table").getByText(label, { exact: true }).first().waitFor();
    await page.context().close();
  });

  test("who may only view sees states and no action", async () => {
    const page = await open("a bare page", {
      importStatus: { mirrors: MIRRORS, unknownStreams: 0, mayOperate: false },
    });
    const drawer = await openMirror(page, "invoices");
    await drawer.getByText("2,000 changes in quarantine. Only operators see rows.").waitFor();
    expect(await drawer.getByRole("button").allInnerTexts()).toEqual(["×", "Copy"]);
    await page.context().close();
  });

  test("no mirrors yet says what to do; no answer yet says that it loads", async () => {
    const page = await open("a bare page", {
      importStatus: { mirrors: [], unknownStreams: 0, mayOperate: true },
    });
    await page.getByText("npx convex run imports:declare").waitFor();
    await page.context().close();
    const loading = await open("a bare page", { importStatus: undefined });
    await loading.getByText("Loading …").waitFor();
    await loading.context().close();
  });
});
