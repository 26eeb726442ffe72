import { existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { CliError } from "../terminal/exit.js";
import type { Io } from "../terminal/io.js";
import { didYouMean } from "../../core/suggest.js";

/**
 * The directory that a command works in: the one that `--cwd` names, or the current one.
 * @throws CliError where that is no folder: a command must not make one, nor take its absence for an empty project
 */
export function projectRoot({ cwd }: Pick<Io, "cwd">, named: string | undefined): string {
  const root = path.resolve(cwd, named ?? ".");
  const isThere = existsSync(root);
  if (isThere && statSync(root).isDirectory()) return root;
  throw new CliError(
    "NoProject",
    isThere
      ? `${root} is a file. Name the root of your project, a folder, with --cwd.`
      : `There is no folder ${root}.${didYouMean(path.basename(root), foldersIn(path.dirname(root)))} Name the root of your project with --cwd.`,
  );
}

function foldersIn(directory: string): string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch {
    return [];
  }
}
