import { CliError, EXIT } from "../terminal/exit.js";

/**
 * Some commands read the project's code with its own TypeScript, an optional peer: an app that only imports needs none.
 * @throws CliError with the command that installs one
 */
export async function requireTypescript(
  load: () => Promise<unknown> = async () => await import("typescript"),
): Promise<void> {
  let found: { default?: { createSourceFile?: unknown; version?: string } };
  try {
    found = (await load()) as typeof found;
  } catch (cause) {
    throw new CliError(
      "This command reads your code with TypeScript, which is not installed: npm install --save-dev typescript@6",
      EXIT.usage,
      { cause },
    );
  }
  if (typeof found.default?.createSourceFile === "function") return;
  throw new CliError(
    `This command reads your code with TypeScript's API, which TypeScript ${found.default?.version ?? "7"} does not have. Install version 6, which typescript-eslint also needs: npm install --save-dev typescript@6`,
    EXIT.usage,
  );
}
