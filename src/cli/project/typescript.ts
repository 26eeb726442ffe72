import { createRequire } from "node:module";
import { CliError } from "../terminal/exit.js";
import { packageManagerOf } from "./packageManager.js";

/**
 * What to install where `typescript` is version 7: version 6 by that name, as typescript-eslint needs it too, and version
 * 7 beside it, whose `tsc` the project keeps.
 */
export const BESIDE_7 = "typescript@npm:@typescript/typescript6@6 @typescript/native@npm:typescript@7";

/**
 * Some commands read the project's code with its own TypeScript, an optional peer: an app that only imports needs none.
 * @param cwd The project, whose package manager installs it.
 * @throws CliError with the command that installs one
 */
export async function requireTypescript(
  cwd: string,
  load: () => unknown = () => createRequire(import.meta.url)("typescript"),
): Promise<void> {
  let found: { createSourceFile?: unknown; version?: string };
  try {
    found = load() as typeof found;
  } catch (cause) {
    throw new CliError(
      "PackageMissing",
      `This command reads your code with TypeScript, which is not installed: ${await adding(cwd, "typescript@6")}`,
      { cause },
    );
  }
  if (typeof found.createSourceFile === "function") return;
  throw new CliError(
    "PackageMissing",
    `This command reads your code with TypeScript's API, which TypeScript ${found.version ?? "7"} does not have. Install version 6 beside it, as typescript-eslint needs it too; tsc stays version 7: ${await adding(cwd, BESIDE_7)}`,
  );
}

/** The command that adds packages to the project's development. */
async function adding(cwd: string, packages: string): Promise<string> {
  return `${(await packageManagerOf(cwd)).addDev} ${packages}`;
}
