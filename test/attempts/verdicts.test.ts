// @vitest-environment node
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { format } from "prettier";
import { expect, test } from "vitest";
import { judge } from "./judge.js";

const FILE = fileURLToPath(new URL("../../example/src/guard/verdicts.json", import.meta.url));

test("the guard page shows what the compiler and ESLint really say (UPDATE=1 writes it)", async () => {
  const verdicts = judge();
  const { direct, byId, dynamicName, untyped, rawBuilder } = verdicts.attempts;
  for (const attempt of [direct!, byId!]) expect(attempt.types[0]!.message).toContain("is a mirror");
  for (const attempt of [direct!, byId!, dynamicName!, untyped!, rawBuilder!]) {
    expect(attempt.eslint[0]!.name).toMatch(/^streaming-import\//);
  }

  const text = await format(JSON.stringify(verdicts), { parser: "json", printWidth: 110 });
  if (process.env.UPDATE === "1") await writeFile(FILE, text);
  expect(await readFile(FILE, "utf8")).toBe(text);
});
