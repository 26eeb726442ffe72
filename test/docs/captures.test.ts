// @vitest-environment node
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { check } from "./commands.js";
import { read, ROOT } from "./pages.js";
import { commandsOf } from "./shell.js";

/** Pictures that tools/captures.ts has drawn. */
const CAPTURES = readdirSync(`${ROOT}/docs/images`).filter((file) => /^cli-.*\.svg$/.test(file));

test("init, push, status --watch and doctor were recorded", () => {
  expect(CAPTURES).toEqual(["cli-doctor.svg", "cli-init.svg", "cli-push.svg", "cli-status.svg"]);
});

test.each(CAPTURES)("%s shows a command that exists, on the page, and nothing of the machine", (file) => {
  const svg = readFileSync(`${ROOT}/docs/images/${file}`, "utf8");
  const [, command = ""] = /<title>(.*)<\/title>/.exec(svg)!;
  expect(command).toMatch(/^npx streaming-import /);
  const context = { functions: new Set<string>(), mention: false };
  expect(commandsOf(command).map((each) => check(each, context))).toEqual([null]);
  expect(read("docs/cli.md")).toContain(`](images/${file})`);
  expect(svg).not.toMatch(/\/tmp|\/home|\/work|\/Users|csi_[0-9a-f]|127\.0\.0\.1:(?!321[01])/);
});
