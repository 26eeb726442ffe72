import { CliError, EXIT } from "../terminal/exit.js";
import { packageManagerOf } from "./packageManager.js";

/**
 * Some commands read the project's code with its own TypeScript, an optional peer: an app that only imports needs none.
 * @param cwd The project, whose package manager installs it.
 * @throws CliError with the command that installs one
 */
export async function requireTypescript(
  cwd: string,
  load: () => Promise<unknown> = async () => await import("typescript"),
): Promise<void> {
  let found: { default?: { createSourceFile?: unknown; version?: string } };
  try {
    found = (await load()) as typeof found;
  } catch (cause) {
    throw new CliError(
      `This command reads your code with TypeScript, which is not installed: ${await installerOf(cwd)}`,
      EXIT.usage,
      { cause },
    );
  }
  if (typeof found.default?.createSourceFile === "function") return;
  throw new CliError(
    `This command reads your code with TypeScript's API, which TypeScript ${found.default?.version ?? "7"} does not have. Install version 6, which typescript-eslint also needs: ${await installerOf(cwd)}`,
    EXIT.usage,
  );
}

/** The command that installs the version whose API the commands use. */
async function installerOf(cwd: string): Promise<string> {
  return `${(await packageManagerOf(cwd)).addDev} typescript@6`;
}
