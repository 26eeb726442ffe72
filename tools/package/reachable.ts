/** Before a publication: the addresses that package.json and messages name must be there. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { DOCS } from "../../src/core/docs.js";
import { ROOT } from "./commands.js";

const { homepage } = JSON.parse(await readFile(path.join(ROOT, "package.json"), "utf8")) as {
  homepage: string;
};
for (const address of [homepage, `${DOCS}/errors.md`]) {
  const { status } = await fetch(address);
  if (status !== 200)
    throw new Error(
      `${address} answers ${String(status)}. Correct "repository" in package.json, and src/core/docs.ts.`,
    );
}
