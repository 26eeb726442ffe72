// @vitest-environment node
import type { Command } from "commander";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { run } from "./support/command.js";
import { createProgram } from "../../src/cli/program.js";
import { processIo } from "../../src/cli/terminal/io.js";
import { argumentsOf, commandsOf } from "./support/commands.js";
import { requireTypescript } from "../../src/cli/project/typescript.js";

const { all: ALL, own: OWN } = commandsOf(createProgram(processIo()));

/** What `--help` prints, with what is added after it. */
function helpOf(command: Command): string {
  let text = "";
  command.configureOutput({ writeOut: (part) => (text += part) });
  command.outputHelp();
  return text;
}

test("the commands are those that the documentation names", () => {
  expect(ALL.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      "init",
      "doctor",
      "push",
      "verify",
      "status",
      "guard",
      "airbyte write",
      "token create",
    ]),
  );
});

describe.each(ALL)("$name", ({ name, command }) => {
  test("has a description, and an example that calls it", () => {
    expect(command.description()).not.toBe("");
    const help = helpOf(command);
    expect(help).toMatch(/Examples?:/);
    expect(help).toContain(`streaming-import ${name}`);
  });

  test("describes each of its options", () => {
    for (const option of command.options) expect([option.flags, option.description]).not.toContain("");
  });
});

describe.each(OWN)("$name", ({ name, command }) => {
  test("has --json", () => {
    expect(command.options.map(({ long }) => long)).toContain("--json");
  });

  test("refuses an option that it does not know, with 2 and where help is", async () => {
    const { code, out, err } = await run([...name.split(" "), ...argumentsOf(name), "--no-such-option"]);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain("--no-such-option");
    expect(err).toContain("--help");
  });
});

/** Every command that asks a deployment takes its address in the same way. */
const ASKING = OWN.filter(({ name }) => !/^(init|guard|generate)\b/.test(name));

describe.each(ASKING)("$name", ({ name, command }) => {
  test("takes the deployment from the command line as the others do", () => {
    const options = command.options.map(({ long }) => long);
    expect(options).toEqual(expect.arrayContaining(["--url", "--site-url", "--admin-key", "--module"]));
  });

  if (name !== "doctor")
    test("says what is missing where nothing tells, and ends with 2", async () => {
      const args = argumentsOf(name);
      // A directory without .env.local.
      const { code, out, err } = await run([...name.split(" "), ...args], { cwd: import.meta.dirname });
      expect({ code, out }).toEqual({ code: 2, out: "" });
      expect(err).toMatch(/CONVEX_\w+/);
    });
});

test("the table of docs/cli.md has every command", () => {
  const page = readFileSync(new URL("../../docs/cli.md", import.meta.url), "utf8");
  const [table = ""] = page.split("\n## ");
  const named = new Set([...table.matchAll(/`([^`]+)`/g)].flatMap(([, code]) => code!.split(" ")));

  expect(OWN.filter(({ name }) => !name.split(" ").every((word) => named.has(word)))).toEqual([]);
});

test("the pages name every option of a command, and no other", () => {
  const page = ["cli", "guard"]
    .map((name) => readFileSync(new URL(`../../docs/${name}.md`, import.meta.url), "utf8"))
    .join("\n");
  const named = new Set(page.match(/(?<![\w-])--[a-z][a-z-]*/g));
  const options = new Set(ALL.flatMap(({ command }) => command.options.map(({ long }) => long!)));
  expect([...options].filter((option) => !named.has(option))).toEqual([]);
  // Of every command, and of npm and Docker.
  expect([...named].filter((option) => !options.has(option)).toSorted()).toEqual([
    "--help",
    "--save-dev",
    "--tag",
  ]);
});

test("the exit codes of docs/cli.md are those of the command", async () => {
  const { EXIT } = await import("../../src/cli/terminal/exit.js");
  const page = readFileSync(new URL("../../docs/cli.md", import.meta.url), "utf8");
  const documented = [...page.matchAll(/^\| (\d+) +\|/gm)].map(([, code]) => Number(code));
  expect(documented).toEqual(Object.values(EXIT));
});

describe("TypeScript, an optional peer", () => {
  const missing = () => {
    throw new Error("Cannot find package");
  };

  test.each([
    ["is missing", missing, "not installed"],
    ["has no API", () => ({ version: "7.0.2" }), "TypeScript 7.0.2 does not"],
  ])("that %s ends a command with how to install it", async (_, load, message) => {
    const refused = requireTypescript(import.meta.dirname, load);
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toThrow(/npm i -D typescript@(6|npm:@typescript\/typescript6@6)/);
  });

  test("that is missing is installed with the project's own package manager", async () => {
    const root = mkdtempSync(path.join(os.tmpdir(), "pnpm-project-"));
    try {
      writeFileSync(path.join(root, "pnpm-lock.yaml"), "");
      const refused = requireTypescript(root, missing);
      await expect(refused).rejects.toThrow("pnpm add -D typescript@6");
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  test("is there", async () => {
    await expect(requireTypescript(import.meta.dirname)).resolves.toBeUndefined();
  });
});
