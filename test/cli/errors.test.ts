// @vitest-environment node
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { PROBLEMS } from "../../src/cli/guard/report.js";
import { ERRORS } from "../../src/cli/terminal/exit.js";
import { createProgram } from "../../src/cli/program.js";
import { processIo } from "../../src/cli/terminal/io.js";
import { argumentsOf, commandsOf } from "./support/commands.js";
import { type Ended, run } from "./support/command.js";

const { own: OWN } = commandsOf(createProgram(processIo()));

const ROOT = new URL("../../", import.meta.url);

/** The rows of the table of codes on a page, below a heading or a sentence. */
function documented(page: string, from: string): string[][] {
  const text = readFileSync(new URL(`docs/${page}`, ROOT), "utf8").split(from)[1]!;
  const [table = ""] = /(?:^\|.*\n)+/m.exec(text) ?? [];
  return [...table.matchAll(/^\| `(\w+)` +\| +(\d*)/gm)].map(([, ...cells]) => cells);
}

/** What a program sees of a failure: one line of JSON on stdout. People read the same sentence. */
function failureOf({ out, err, code }: Ended): { code: string; exit: number | null } {
  expect(out).toMatch(/^[^\n]+\n$/);
  const { error } = JSON.parse(out) as { error: { code: string; message: string } };
  expect(error.message).not.toBe("");
  expect(err).toContain(error.message);
  return { code: error.code, exit: code };
}

describe("the codes of errors", () => {
  test("are those of docs/cli.md, with their exit codes", () => {
    expect(documented("cli.md", "## Errors\n")).toEqual(
      Object.entries(ERRORS).map(([code, exit]) => [code, String(exit)]),
    );
  });

  test("of guard's problems are those of docs/guard.md", () => {
    expect(documented("guard.md", "`problems` of the JSON report").map(([code]) => code)).toEqual(PROBLEMS);
  });

  test("are all in use", () => {
    const code = readdirSync(new URL("src/cli", ROOT), { recursive: true, encoding: "utf8" })
      .filter((file) => /(?<!exit|\.test)\.ts$/.test(file))
      .map((file) => readFileSync(new URL(`src/cli/${file}`, ROOT), "utf8"))
      .join("\n");
    expect(Object.keys(ERRORS).filter((name) => !code.includes(`"${name}"`))).toEqual([]);
  });
});

describe.each(OWN)("$name --json", ({ name }) => {
  const words = name.split(" ");

  test("says as JSON that an option is unknown", async () => {
    const ended = await run([...words, ...argumentsOf(name), "--json", "--no-such-option"]);
    expect(failureOf(ended)).toEqual({ code: "InvalidUsage", exit: 2 });
  });

  if (!/^(init|doctor|guard|generate)$/.test(name)) {
    test("says as JSON that the deployment is not known", async () => {
      const args = [...words, ...argumentsOf(name), "--json"];
      const { code, exit } = failureOf(await run(args, { cwd: import.meta.dirname }));
      expect(["NoDeployment", "NoDeployKey", "NoToken"]).toContain(code);
      expect(exit).toBe(2);
    });

    test("says as JSON that the deployment does not answer", async () => {
      const env = {
        CONVEX_SELF_HOSTED_URL: "http://127.0.0.1:9",
        CONVEX_SELF_HOSTED_ADMIN_KEY: "key",
      };
      const ended = await run([...words, ...argumentsOf(name), "--json"], { cwd: import.meta.dirname, env });
      expect(failureOf(ended)).toEqual({ code: "NoAnswer", exit: 1 });
    });
  }
});

test.each([
  [["doctor", "--cwd", "/nonexistent"], "NoProject", 2],
  [["init", "--cwd", "/nonexistent"], "NoProject", 2],
  [["generate", "--cwd", "/nonexistent", "--sample", "x.csv"], "NoProject", 2],
  [["init", "--example", "app", "--cwd", "/nonexistent"], "NoProject", 2],
  [["generate", "--sample", "nowhere.csv"], "FileNotFound", 2],
  [["generate"], "NoSource", 2],
  [["push", "x.csv", "--url", "file:///x"], "InvalidUrl", 2],
  [[], "InvalidUsage", 2],
  [["token"], "InvalidUsage", 2],
])("%j fails as JSON", async (args, code, exit) => {
  const { out, code: exitCode } = await run([...args, "--json"]);
  expect(JSON.parse(out)).toEqual({ error: { code, message: expect.stringMatching(/\w/) as string } });
  expect(exitCode).toBe(exit);
});

test("a value after -- is not an option", async () => {
  const { out, code } = await run(["quarantine", "list", "--", "--json"], { cwd: import.meta.dirname });
  expect({ out, code }).toEqual({ out: "", code: 2 });
});

/** A folder with a catalog, the file that `generate` would make a mirror of. */
async function inFolder(use: (cwd: string) => Promise<void>): Promise<void> {
  const cwd = mkdtempSync(path.join(os.tmpdir(), "paths-"));
  try {
    await use(cwd);
  } finally {
    rmSync(cwd, { recursive: true });
  }
}

test.each(["doctor", "init", "generate", "init --example app"])(
  "%s names a folder that is not there, and writes nothing",
  async (command) => {
    await inFolder(async (cwd) => {
      mkdirSync(path.join(cwd, "backend"));
      writeFileSync(path.join(cwd, "file"), "");
      const told = async (named: string) =>
        (await run([...command.split(" "), "--cwd", named], { cwd })).err.replaceAll(cwd, "");
      expect(await told("nonexistent")).toBe(
        "There is no folder /nonexistent. Name the root of your project with --cwd.\n",
      );
      expect(await told("bakend")).toBe(
        'There is no folder /bakend. Did you mean "backend"? Name the root of your project with --cwd.\n',
      );
      expect(await told("file")).toBe(
        "/file is a file. Name the root of your project, a folder, with --cwd.\n",
      );
      expect(await told("file/app")).toContain("There is no folder /file/app.");
      expect(readdirSync(cwd).sort()).toEqual(["backend", "file"]);
    });
  },
);

test("a path that is not what a command needs is named, with what to do", async () => {
  await inFolder(async (cwd) => {
    mkdirSync(path.join(cwd, "folder"));
    writeFileSync(path.join(cwd, "package.json"), "{}");
    writeFileSync(path.join(cwd, "rows.csv"), "id\n1\n");
    symlinkSync("loop.csv", path.join(cwd, "loop.csv"));

    const sample = ["generate", "--sample", "rows.csv", "--key", "id", "--yes"];
    const cases = [
      [[...sample, "--out", "folder"], "FileNotFound", 2, "folder is a folder. Name the file"],
      [[...sample, "--out", "rows.csv/schema.ts"], "FileUnwritable", 1, "Check its folder"],
      [["generate", "--sample", "loop.csv"], "FileUnreadable", 1, "Check its permissions"],
      [["generate", "--airbyte", "rows.csv/x"], "FileNotFound", 2, "There is no file"],
    ] as const;
    for (const [args, code, exit, words] of cases) {
      const ended = await run([...args, "--json"], { cwd });
      expect([args, failureOf(ended)]).toEqual([args, { code, exit }]);
      expect(ended.err).toContain(words);
    }
  });
});

test("the error for a file that is not JSON names line and column, and quotes nothing of the file", async () => {
  const cwd = mkdtempSync(path.join(os.tmpdir(), "broken-"));
  try {
    for (const file of ["package.json", "catalog.json"])
      writeFileSync(path.join(cwd, file), '{\n  "password": hunter2\n}');
    const calls = [
      ["doctor"],
      ["init"],
      ["generate", "--airbyte", "catalog.json"],
      ["generate", "--fivetran", "catalog.json"],
      ["airbyte", "check", "--config", "catalog.json"],
    ];
    for (const args of calls) {
      const { out, err } = await run(args, { cwd });
      expect(out + err).toContain("JSON: line 2, column 15.");
      expect(out + err).not.toContain("hunter2");
    }
  } finally {
    rmSync(cwd, { recursive: true });
  }
});

test("guard --json has the code of what keeps it from checking", async () => {
  const cwd = mkdtempSync(path.join(os.tmpdir(), "guard-"));
  try {
    writeFileSync(path.join(cwd, "convex.json"), "{");
    const { out, code } = await run(["guard", "--json"], { cwd });
    const { problems, claim } = JSON.parse(out) as Record<string, unknown>;
    expect({ problems, claim, code }).toEqual({
      problems: [
        {
          code: "InvalidConvexJson",
          message: expect.stringContaining("convex.json is not valid JSON: it ends too early.") as string,
        },
      ],
      claim: null,
      code: 2,
    });
  } finally {
    rmSync(cwd, { recursive: true });
  }
});
