// @vitest-environment node
import path from "node:path";
import { expect, test } from "vitest";
import { DOCS, pageOf } from "../../src/core/docs.js";
import { vMirrorState } from "../../src/core/wire/validators.js";
import { EXPORT_NOT_RECORDED, MIRROR_IS_READ_ONLY } from "../../src/guard/messages.js";
import { PAGES, read } from "./pages.js";

/** Signals between the importer and its component, which answer each other and never reach a person. */
const SIGNALS = ["DeliveryMoved", "TombstoneHit"];

/** The members of a union of texts. */
function membersOf(file: string, type: string): string[] {
  const declaration = new RegExp(`export type ${type} =([^;]+);`).exec(read(file))![1]!;
  return [...declaration.matchAll(/"(\w+)"/g)].map(([, code]) => code!);
}

test("docs/errors.md has a heading for every code, and for nothing else", () => {
  const ledger = membersOf("src/core/wire/errors.ts", "LedgerErrorCode");
  const codes = new Set([
    ...membersOf("src/http/errors.ts", "ErrorCode"),
    ...ledger.filter((code) => !SIGNALS.includes(code)),
    MIRROR_IS_READ_ONLY,
    EXPORT_NOT_RECORDED,
    ...membersOf("src/core/rows/problem.ts", "ProblemCode"),
  ]);
  const headings = [...read("docs/errors.md").matchAll(/^### (\w+)$/gm)].map(([, heading]) => heading!);

  expect(SIGNALS.filter((code) => !ledger.includes(code))).toEqual([]);
  expect(headings.toSorted()).toEqual([...codes].toSorted());
});

test("docs/operations.md has a heading for every state, and for nothing else", () => {
  const section = /\n## States\n([\s\S]*?)\n## /.exec(read("docs/operations.md"))![1]!;
  const headings = [...section.matchAll(/^### (\w+)$/gm)].map(([, heading]) => heading!);

  expect(headings.toSorted()).toEqual(vMirrorState.members.map(({ value }) => value).toSorted());
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

test("messages link to the repository that package.json names, and to pages that are there", () => {
  const { repository, homepage, bugs } = JSON.parse(read("package.json")) as {
    repository: { url: string };
    homepage: string;
    bugs: { url: string };
  };
  const address = repository.url.replace(/^git\+|\.git$/g, "");
  expect([homepage, bugs.url]).toEqual([`${address}#readme`, `${address}/issues`]);
  expect(DOCS).toBe(`${address}/blob/main/docs`);
  expect(read("docs/errors.md")).toContain("### UnknownMirror");
  expect(pageOf("UnknownMirror")).toBe(`${DOCS}/errors.md#unknownmirror`);
});
