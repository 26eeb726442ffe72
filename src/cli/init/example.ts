import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { ownDirectory, ownManifest, sourceOfCopy } from "../project/manifests.js";
import { messageOf, CliError } from "../terminal/exit.js";
import type { Io } from "../terminal/io.js";
import { say } from "../terminal/output.js";

/** The app that is copied. The sources are one level higher than the build. */
function template(): string {
  const folders = ["../../../template", "../../../../template"];
  return folders.map((folder) => fileURLToPath(new URL(folder, import.meta.url))).find(existsSync)!;
}

/**
 * `streaming-import init --example`: a new app with a mirror, a page, a panel and the guard.
 * @throws CliError for a folder that has files
 */
export function writeExample(io: Io, root: string, folder: string): void {
  const target = path.resolve(root, folder);
  let files: string[];
  try {
    mkdirSync(target, { recursive: true });
    files = readdirSync(target);
  } catch (error) {
    throw new CliError("FolderInUse", `${folder} cannot be made: ${messageOf(error)}. Name another folder.`);
  }
  if (files.length > 0)
    throw new CliError(
      "FolderInUse",
      `${folder} has files already. Name a folder that is empty, or not there yet.`,
    );
  cpSync(template(), target, { recursive: true });
  // npm leaves a .gitignore out of a package.
  renameSync(path.join(target, "_gitignore"), path.join(target, ".gitignore"));
  const file = path.join(target, "package.json");
  const { name, version } = ownManifest();
  const copy = ownDirectory();
  const source = sourceOfCopy(copy, target);
  const manifest = JSON.parse(readFileSync(file, "utf8")) as { dependencies: Record<string, string> };
  manifest.dependencies[name] = source?.startsWith("file:") === true ? source : `^${version}`;
  writeFileSync(file, `${JSON.stringify({ ...manifest, name: packageName(target) }, null, 2)}\n`);
  say(
    io.stdout,
    `A new app is in ${folder}. Next:
  1. cd ${quoted(folder)} && npm install${source === null ? ` $(npm pack --silent ${quoted(path.relative(target, copy))})` : ""}
  2. npx convex dev                                              makes a deployment; leave it running
  3. npx streaming-import push customers.csv --mirror customers  in another terminal
  4. npm run dev                                                 the page`,
  );
}

/** A path as a shell takes it. */
function quoted(file: string): string {
  return /^[\w@%+=:,./-]+$/.test(file) ? file : JSON.stringify(file);
}

/** The folder's name, as npm allows it. */
function packageName(folder: string): string {
  const name = path
    .basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return name === "" ? "my-mirrors" : name;
}
