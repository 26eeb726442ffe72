// @vitest-environment node
import { existsSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { PAGES, proseOf, read, ROOT } from "./pages.js";

/** The names that GitHub gives the headings of a page, for links. */
function anchors(page: string): string[] {
  const seen = new Map<string, number>();
  return [...proseOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => {
    const anchor = heading!
      .toLowerCase()
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .replaceAll(/[^\p{L}\p{N}_\- ]/gu, "")
      .replaceAll(" ", "-");
    const count = seen.get(anchor) ?? 0;
    seen.set(anchor, count + 1);
    return count === 0 ? anchor : `${anchor}-${String(count)}`;
  });
}

test.each(PAGES)("every link of %s inside the repository leads somewhere", (page) => {
  const prose = proseOf(page).replaceAll(/`[^`\n]*`/g, "");
  const broken = [...prose.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)]
    .map(([, target]) => target!)
    .filter((target) => {
      const [file = "", anchor] = target.split("#");
      const linked = file === "" ? page : path.join(path.dirname(page), file);
      if (!existsSync(path.join(ROOT, linked))) return true;
      return anchor !== undefined && !anchors(linked).includes(anchor);
    });

  expect(broken).toEqual([]);
});

test("the index of docs/ leads to every page", () => {
  const linked = [...read("docs/README.md").matchAll(/\]\(([^)#\s]+)/g)].map(([, target]) =>
    path.posix.join("docs", target!),
  );
  const pages = PAGES.filter(
    (page) => page.startsWith("docs/") && page !== "docs/README.md" && !/^docs\/rules\/(?!README)/.test(page),
  );

  expect(pages.filter((page) => !linked.includes(page))).toEqual([]);
});
