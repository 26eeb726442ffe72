// @vitest-environment node
import { body, errors, runTyped, runUntyped } from "../../test/guard/ruleTester.js";
import { rules } from "../plugin.js";

const rule = rules["no-unreasoned-disable"];

const RULES = [
  "no-mirror-writes",
  "require-known-table",
  "explicit-write-table",
  "no-writer-escape",
  "no-mirror-factories",
  "no-raw-builders",
  "no-raw-syscalls",
  "mirror-schema",
  "no-mirror-triggers",
];

const plain = (code: string, ...ids: string[]) => ({ code, name: code, ...errors(...ids) });
const valid = (code: string) => ({ code, name: code });
/** Comments about a rule of this plugin turn this one off, too, when they name none; so they are put where they do not. */
const OPTION = [{ check: "comments" }] as const;

runUntyped(rule, {
  valid: [
    ...RULES.flatMap((name) => [
      valid(
        `// eslint-disable-next-line streaming-import/${name} -- reviewed: the row is a test row\nexport const x = 1;`,
      ),
      valid(
        `/* eslint-disable streaming-import/${name} -- generated, see the generator's own checks */\nexport const x = 1;`,
      ),
    ]),
    valid("// eslint-disable-next-line no-console\nexport const x = 1;"),
    valid("/* eslint-disable no-console, no-alert */\nexport const x = 1;"),
    valid("export const x = 1; // eslint-disable-line no-console"),
    valid('export const x = "// eslint-disable-next-line streaming-import/no-mirror-writes";'),
    valid("export const x = `/* eslint-disable streaming-import/no-mirror-writes */`;"),
    // ESLint turns rules off in blocks only.
    valid("// eslint-disable streaming-import/no-mirror-writes\nexport const x = 1;"),
    valid("// A comment that says eslint-disable is not one.\nexport const x = 1;"),
    valid("/* eslint-enable streaming-import/no-mirror-writes */\nexport const x = 1;"),
  ],
  invalid: [
    ...RULES.flatMap((name) => [
      plain(`// eslint-disable-next-line streaming-import/${name}\nexport const x = 1;`, "unreasonedDisable"),
      plain(`/* eslint-disable streaming-import/${name} */\nexport const x = 1;`, "unreasonedDisable"),
      plain(`export const x = 1; // eslint-disable-line streaming-import/${name}`, "unreasonedDisable"),
      plain(
        `/* eslint-disable-next-line no-console, streaming-import/${name} */\nexport const x = 1;`,
        "unreasonedDisable",
      ),
    ]),
    plain(
      "// eslint-disable-next-line streaming-import/no-mirror-writes --  \nexport const x = 1;",
      "unreasonedDisable",
    ),
    plain(
      "// eslint-disable-next-line streaming-import/no-mirror-writes, streaming-import/no-writer-escape\nexport const x = 1;",
      "unreasonedDisable",
    ),
    plain("// streaming-import-allow customers\nexport const x = 1;", "incompleteExemption"),
    plain(
      "// streaming-import-allow customers: because it is fine\nexport const x = 1;",
      "incompleteExemption",
    ),
    plain("// streaming-import-allow customers until 2027-01-01\nexport const x = 1;", "incompleteExemption"),
    plain(
      "// streaming-import-allow customers until tomorrow: because it is fine\nexport const x = 1;",
      "incompleteExemption",
    ),
    plain(
      "// streaming-import-allow customers until 2027-02-31: because it is fine\nexport const x = 1;",
      "incompleteExemption",
    ),
    plain(
      "// streaming-import-allow customers until 2027-13-01: because it is fine\nexport const x = 1;",
      "incompleteExemption",
    ),
    plain(
      "// streaming-import-allow customers until 2027-01-01: ok\nexport const x = 1;",
      "incompleteExemption",
    ),
    plain(
      "// streaming-import-allow until 2027-01-01: because it is fine\nexport const x = 1;",
      "incompleteExemption",
    ),
    plain("/**\n * streaming-import-allow customers\n */\nexport const x = 1;", "incompleteExemption"),
    plain("/* streaming-import-allow */\nexport const x = 1;", "incompleteExemption"),
  ],
});

const WRITE = 'await ctx.db.insert("customers", row);';

runTyped(rule, {
  valid: [
    body(
      `// streaming-import-allow customers until 2026-12-31: back-fill of the old rows, reviewed\n  ${WRITE}`,
    ),
    body(`// streaming-import-allow customers until 2026-11-20: still good on its last day\n  ${WRITE}`),
    body(`/* streaming-import-allow customers until 2026-12-31: back-fill of the old rows */\n  ${WRITE}`),
    body(
      `/**\n   * streaming-import-allow customers until 2026-12-31: back-fill of the old rows\n   */\n  ${WRITE}`,
    ),
    body(
      `// streaming-import-allow customers until 2026-12-31: back-fill of the old rows\n  const written =\n    ${WRITE}`,
    ),
    body(`${WRITE} // streaming-import-allow customers until 2026-12-31: back-fill of the old rows`),
    body(
      `// streaming-import-allow customers, products until 2026-12-31: back-fill of the old rows\n  ${WRITE}`,
    ),
    body(
      `// streaming-import-allow customers until 2026-12-31: back-fill of the old rows\n  // another comment\n  ${WRITE}`,
    ),
    body(
      "// streaming-import-allow customers until 2026-12-31: the id comes from the old table\n  await ctx.db.delete(text as any);",
    ),
    body("// @ts-expect-error no such name\n  nowhere();"),
    body("// @ts-ignore\n  text.nowhere();"),
    { ...body("// @ts-ignore\n  await ctx.db.insert('nowhere', {});"), options: OPTION },
    {
      ...body(
        "// streaming-import-allow customers until 2026-12-31: back-fill of the old rows\n  text.trim();",
      ),
      options: OPTION,
    },
    {
      ...body(WRITE),
      name: "an exemption of the configuration",
      settings: {
        "streaming-import": {
          exemptions: [
            {
              file: "convex/exempt/a.ts",
              within: "run",
              tables: ["customers"],
              until: "2026-12-31",
              reason: "reviewed back-fill",
            },
          ],
        },
      },
      code: body(WRITE).code.replaceAll('"./', '"../'),
      filename: "convex/exempt/a.ts",
    },
  ],
  invalid: [
    {
      ...body(`// streaming-import-allow customers until 2026-11-19: back-fill of the old rows\n  ${WRITE}`),
      ...errors("expiredExemption"),
    },
    {
      ...body(`// streaming-import-allow customers until 2020-01-01: back-fill of the old rows\n  ${WRITE}`),
      ...errors("expiredExemption"),
    },
    {
      ...body(
        `// streaming-import-allow customers until 2026-12-31: back-fill of the old rows\n  for (const _ of text) {\n    ${WRITE}\n  }`,
      ),
      ...errors("unusedExemption"),
    },
    {
      ...body(`// streaming-import-allow products until 2026-12-31: back-fill of the old rows\n  ${WRITE}`),
      ...errors("unusedExemption"),
    },
    {
      ...body(
        `// streaming-import-allow customers until 2026-12-31: back-fill of the old rows\n  text.trim();\n  ${WRITE}`,
      ),
      ...errors("unusedExemption"),
    },
    {
      ...body(
        `${WRITE}\n  // streaming-import-allow customers until 2026-12-31: back-fill of the old rows\n`,
      ),
      ...errors("unusedExemption"),
    },
    { ...body("// @ts-ignore\n  await ctx.db.insert('nowhere', {});"), ...errors("suppressedTypes") },
    {
      ...body("// @ts-expect-error hides what becomes of the writer\n  const x: number = ctx.db;"),
      ...errors("suppressedTypes"),
    },
    { ...body("/* @ts-ignore */\n  const x: number = ctx;"), ...errors("suppressedTypes") },
    {
      code: `// @ts-nocheck\n${body("ctx.db;").code}`,
      name: "@ts-nocheck with a writer",
      ...errors("suppressedTypes"),
    },
    {
      ...body(WRITE),
      name: "an expired exemption of the configuration",
      settings: {
        "streaming-import": {
          exemptions: [
            {
              file: "convex/exempt/b.ts",
              tables: ["customers"],
              until: "2026-01-31",
              reason: "reviewed back-fill",
            },
          ],
        },
      },
      code: body(WRITE).code.replaceAll('"./', '"../'),
      filename: "convex/exempt/b.ts",
      ...errors("expiredExemption"),
    },
    {
      ...body(WRITE),
      name: "an exemption of the configuration for another function",
      settings: {
        "streaming-import": {
          exemptions: [
            {
              file: "convex/exempt/c.ts",
              within: "other",
              tables: ["customers"],
              until: "2026-12-31",
              reason: "reviewed back-fill",
            },
          ],
        },
      },
      code: body(WRITE).code.replaceAll('"./', '"../'),
      filename: "convex/exempt/c.ts",
      ...errors("unusedExemption"),
    },
    {
      ...body(WRITE),
      name: "an exemption of the configuration without a reason",
      settings: {
        "streaming-import": {
          exemptions: [{ file: "convex/file.ts", tables: ["customers"], until: "2026-12-31", reason: "" }],
        },
      },
      ...errors("badOptions"),
    },
    {
      ...body(WRITE),
      name: "an exemption of the configuration without a day",
      settings: {
        "streaming-import": {
          exemptions: [
            { file: "convex/file.ts", tables: ["customers"], until: "later", reason: "reviewed back-fill" },
          ],
        },
      },
      ...errors("badOptions"),
    },
  ],
});
