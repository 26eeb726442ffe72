/** Whether what the option `trusted` names is there: a misspelled path or package is trusted by nobody, and says nothing. */
import type { GuardContext } from "./context.js";
import type { TypeScript } from "./model.js";
import { appAround, GuardConfigurationError, type GuardOptions } from "./options.js";
import { directoryOf } from "./packages.js";
import { didYouMean } from "../../src/core/suggest.js";

type Sys = Pick<TypeScript, "sys">;

const checked = new WeakMap<GuardContext, GuardConfigurationError | null>();

/** As below, once for a program, whose files count too: also those that the disk does not have. */
export function checkTrustedIn(cx: GuardContext, fileName: string): void {
  let problem = checked.get(cx);
  if (problem === undefined) {
    const files = cx.program.getSourceFiles();
    problem = problemOf(cx.ts, cx.options, fileName, {
      directory: cx.program.getCurrentDirectory(),
      hasFile: (path) => files.some((file) => isAt(file.fileName, path) && cx.packages.isProject(file)),
      hasPackage: (name) =>
        files.some((file) => {
          const origin = cx.packages.originOf(file);
          return origin.kind === "package" && origin.name === name;
        }),
    });
    checked.set(cx, problem);
  }
  if (problem !== null) throw problem;
}

/**
 * Checks the option `trusted` for a file of the app by what is on disk.
 * @throws GuardConfigurationError for a path or a package that is not there
 */
export function checkTrusted(ts: Sys, options: GuardOptions, fileName: string, directory: string): void {
  const none = () => false;
  const problem = problemOf(ts, options, fileName, { directory, hasFile: none, hasPackage: none });
  if (problem !== null) throw problem;
}

/** What is known besides the disk. */
interface Known {
  /** Where the command or ESLint runs: the app, where no configuration says otherwise. */
  readonly directory: string;
  readonly hasFile: (path: string) => boolean;
  readonly hasPackage: (name: string) => boolean;
}

function problemOf(
  ts: Sys,
  options: GuardOptions,
  fileName: string,
  known: Known,
): GuardConfigurationError | null {
  const above = directoriesAbove(fileName.replaceAll("\\", "/"));
  for (const specifier of options.trusted) {
    if (typeof specifier === "string") continue;
    if (specifier.from === "package") {
      const { package: name } = specifier;
      const isThere =
        known.hasPackage(name) ||
        above.some((directory) => ts.sys.directoryExists(`${directory}/node_modules/${name}`));
      if (!isThere) return missing("package", name, "is not installed", packagesNear(ts, above, name));
    } else if (specifier.from === "file" && specifier.path !== undefined) {
      const path = specifier.path.replace(/^\.\//, "");
      if (known.hasFile(path) || [...above, ""].some((one) => ts.sys.fileExists(joined(one, path)))) continue;
      const files = filesOf(ts, appAround(ts, fileName, known.directory));
      if (files.some((file) => isAt(file, path))) continue;
      const { length } = path.split("/");
      const alike = files.map((file) => file.split("/").slice(-length).join("/"));
      return missing("file", specifier.path, "is not there", alike);
    }
  }
  return null;
}

function missing(
  what: "file" | "package",
  name: string,
  how: string,
  others: Iterable<string>,
): GuardConfigurationError {
  return new GuardConfigurationError(
    "InvalidOptions",
    `The option "trusted" names the ${what} ${name}, which ${how}.${didYouMean(name, others)} Correct the name, or remove the entry.`,
  );
}

/** Whether a path is that of a file, or its end. */
function isAt(file: string, path: string): boolean {
  return file === path || file.endsWith(`/${path}`);
}

function joined(directory: string, path: string): string {
  return directory === "" ? path : `${directory}/${path}`;
}

function directoriesAbove(fileName: string): string[] {
  const directories: string[] = [];
  for (let directory = directoryOf(fileName); directory !== ""; directory = directoryOf(directory))
    directories.push(directory);
  return directories;
}

/** The code of an app, without packages and what tools keep in hidden folders. */
function filesOf({ sys }: Sys, directory: string): string[] {
  const extensions = [".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs"];
  return sys
    .readDirectory(directory, extensions, ["**/node_modules", "**/.*"])
    .map((file) => file.replaceAll("\\", "/"));
}

/** The packages that are installed beside the one that is named; of a scope, those of the same. */
function packagesNear({ sys }: Sys, above: readonly string[], name: string): string[] {
  const scope = name.startsWith("@") ? `${name.split("/")[0] ?? ""}/` : "";
  return above.flatMap((directory) => {
    const folder = `${directory}/node_modules/${scope}`;
    return sys.directoryExists(folder) ? sys.getDirectories(folder).map((one) => `${scope}${one}`) : [];
  });
}
