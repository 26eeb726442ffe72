// @vitest-environment node
import { describe, expect, test } from "vitest";
import { check } from "./commands.js";
import { isFunction, lint } from "./lint.js";
import { placeOf, type Block } from "./pages.js";
import { PagesProgram } from "./project.js";
import { commandsOf } from "./shell.js";

/** What checks the pages finds what is wrong with one. */

describe("code", () => {
  const page = (...codes: string[]): Block[] =>
    codes.map((code, i) => ({ page: "docs/made-up.md", line: 10 * (i + 1), language: "ts", code }));
  const write = (builder: string) => `
    import { mutation } from "${builder}";
    export const add = mutation({
      args: {},
      handler: async (ctx) => {
        await ctx.db.insert("customers", { id: 9n, email: "eve@example.com", updated_at: 0 });
      },
    });`;
  const blocks = page(
    `import { guard } from "convex-streaming-import/gaurd";\n`,
    write("./functions"),
    write("./_generated/server"),
    `// convex/later.ts\nexport const early = 1;\n`,
    `import { early } from "./later";\nexport const sum: number = early;\n`,
    `// convex/later.ts\nexport const late = 2;\n`,
    `import { late } from "./later";\nimport type { Doc } from "./_generated/dataModel";\nexport const emailOf = (one: Doc<"customers">): string => one.email + late;\n`,
    `export const nobody = undeclared;\n`,
  );

  test("is compiled with the package, the set-up and the page's other blocks, and linted", () => {
    const compiled = new PagesProgram(blocks);
    const problems = compiled.placed.map((one) => compiled.problemsOf(one).join());
    expect(problems).toEqual([
      expect.stringMatching(/made-up\.md:11: Cannot find module 'convex-streaming-import\/gaurd'/),
      expect.stringMatching(/made-up\.md:26: .*customers.*mirror/),
      ...["", "", "", "", ""],
      expect.stringMatching(/made-up\.md:81: Cannot find name 'undeclared'/),
    ]);
    const found = lint(compiled, compiled.placed.filter(isFunction));
    expect(found).toContainEqual(expect.stringMatching(/made-up\.md:30: .*no-mirror-writes/));
    expect(found.filter((one) => !/made-up\.md:[23]0/.test(one))).toEqual([]);
    expect(placeOf(blocks[0]!)).toBe("docs/made-up.md:10");
  });
});

describe("scripts", () => {
  test.each<[string, string[][]]>([
    ["npm test", [["npm", "test"]]],
    ["a b && c  # why\n\n# no\nd | e; f", [["a", "b"], ["c"], ["d"], ["e"], ["f"]]],
    ['a \'b "c\' "d $E \\"f\\"" g\\ h', [["a", 'b "c', 'd $E "f"', "g h"]]],
    ["KEY=1 run --x=2 \\\n  last", [["run", "--x=2", "last"]]],
    ["echo '{}' > file.json", [["echo", "{}"]]],
    ["run --url https://<name>.convex.site [--only <name>]", [["run", "--url", "https://<name>.convex.site", "[--only", "<name>]"]]], // prettier-ignore
    ["a $(b c) ''", [["a", "$(b c)", ""]]],
  ])("%s", (script, commands) => {
    expect(commandsOf(script)).toEqual(commands);
  });

  test("what is not understood is refused", () => {
    expect(() => commandsOf("cat <<'END'\n\"\nEND")).toThrow(/not understood/);
  });
});

describe("commands", () => {
  const functions = new Set(["customers:byEmail"]);
  const said = (script: string) =>
    commandsOf(script)
      .map((command) => check(command, { functions, mention: false }))
      .join();

  test.each([
    "npm install convex-streaming-import",
    "npm run demo",
    "npx streaming-import push customers.csv --mirror customers --mode refresh",
    "npx streaming-import --help",
    "npx convex dev",
    "npx convex run --url http://127.0.0.1:3210 --admin-key a imports:declare",
    "npx convex run imports:declare",
    "npx convex run --component streamingImport registry:list",
    `npx convex run --component streamingImport tokens:create '{"name": "a", "mirrors": ["*"], "expiresInDays": 3}'`,
    `npx convex run customers:byEmail '{"email": "a"}'`,
    "npx tsx tools/demo.ts",
    "psql -c 'select 1'",
  ])("%s", (script) => {
    expect(said(script)).toBe("");
  });

  test.each([
    ["npm install left-pad", /left-pad/],
    ["npm run nothing", /no npm script "nothing"/],
    ["npm bugs", /nothing is known/],
    ["make install", /nothing is known of the program "make"/],
    ["npx streaming-import pusch a.csv", /unknown command/],
    ["npx streaming-import airbyte check", /--config/],
    ["npx streaming-import push a.csv --mirror b --quick", /unknown option '--quick'/],
    ["npx streaming-import airbyte", /commander.help/],
    ["npx convex devv", /no command "convex devv"/],
    ["npx convex dev --quick", /no option --quick/],
    ["npx convex run imports:declares", /no function imports:declares/],
    ["npx convex run registry:list", /no function registry:list/],
    ["npx convex run --component streamingImport registry:pause", /"mirror" is missing/],
    [
      `npx convex run --component streamingImport registry:pause '{"mirror": 3}'`,
      /registry:pause.mirror takes a string/,
    ],
    [
      `npx convex run --component streamingImport registry:pause '{"mirror": "a", "why": ""}'`,
      /takes no "why"/,
    ],
    [
      `npx convex run --component streamingImport tokens:create '{"name": "a", "mirrors": [1]}'`,
      /takes a string/,
    ],
    ["npx tsx tools/nothing.ts", /no file/],
    ["npx nothing", /no tool/],
  ])("%s is refused", (script, reason) => {
    expect(said(script)).toMatch(reason);
  });

  test("a sentence may leave arguments out, and name nothing that is not there", () => {
    const mention = (text: string) => check(commandsOf(text)[0]!, { functions, mention: true });
    expect(mention("npx convex run --component streamingImport registry:pause")).toBeNull();
    expect(mention("npx streaming-import push")).toBeNull();
    expect(mention("streaming-import airbyte")).toBeNull();
    expect(mention("npx convex run imports:<name>")).toBeNull();
    expect(mention("npx convex run imports:declaree")).toMatch(/no function/);
    expect(mention("npx streaming-import push --quick")).toMatch(/--quick/);
  });
});
