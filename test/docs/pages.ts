/** The pages of the documentation, and the code blocks on them. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

function pagesBelow(folder: string): string[] {
  return readdirSync(path.join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md") && !file.includes("node_modules"))
    .map((file) => `${folder}/${file}`)
    .sort();
}

/**
 * Every page that people write, relative to the repository. `npm run check:api` checks the reference, whose blocks are
 * those of the doc comments.
 */
export const PAGES = [
  ...["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "example/README.md"],
  ...pagesBelow("docs").filter((page) => !page.startsWith("docs/api/")),
  ...pagesBelow("tools"),
  ...pagesBelow("test"),
];

/** A fenced code block. */
export interface Block {
  page: string;
  /** The line of its fence, from 1. */
  line: number;
  /** The first word behind the fence. */
  language: string;
  code: string;
}

export function read(page: string): string {
  return readFileSync(path.join(ROOT, page), "utf8");
}

/** The fenced blocks of a page, those inside lists too. */
export function blocksOf(page: string): Block[] {
  const text = read(page);
  return [...text.matchAll(/^( *)```([^\n`]*)\n([\s\S]*?)^\1```$/gm)].map((found) => {
    const [, indent = "", info = "", code = ""] = found;
    return {
      page,
      line: text.slice(0, found.index).split("\n").length,
      language: info.trim().split(/\s+/)[0]!,
      code: code.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
    };
  });
}

/** A page without its blocks. */
export function proseOf(page: string): string {
  return read(page).replaceAll(/^( *)```[\s\S]*?^\1```$/gm, "");
}

/** How a block is named in a report. */
export function placeOf({ page, line }: Block): string {
  return `${page}:${String(line)}`;
}
