import { BESIDE_7 } from "../../project/typescript.js";
import { installed, type Installed, ownManifest } from "../../project/manifests.js";
import type { Project } from "../../project/project.js";
import { type Check, error, ok, warning } from "../check.js";
import satisfies from "semver/functions/satisfies.js";
import { existsSync } from "node:fs";
import path from "node:path";
import { lintConfigOf, lints } from "../../project/parts.js";

/** A prerelease counts as a version of its own: `1.44.0-alpha.1` is in `^1.43.0`. */
const ANY_RELEASE = { includePrerelease: true };

const OWN = "convex-streaming-import";

/** The TypeScript versions that the guard's types are tested with. */
const TYPESCRIPT = "5.9 || 6.0 || 7.0";

/** Whether what is installed fits together. */
export function checkPackages(project: Project): Check[] {
  const { manifest, packageManager, root } = project;
  const { add, addDev } = packageManager;
  const own = installed(root, OWN);
  const declared = { ...manifest.dependencies, ...manifest.devDependencies };
  const isInstalled = own !== null && declared[OWN] !== undefined;
  const peers = ownManifest().peerDependencies;
  return [
    isInstalled
      ? ok("package-installed", `${OWN} ${own.version} is installed.`)
      : error("package-installed", `${OWN} is not a dependency of this project.`, `${add} ${OWN}`),
    checkConvex(root, peers.convex ?? "*", add),
    ...(own === null ? [] : [checkSingleConvex(root, own)]),
    ...checkTypescript(project, addDev),
    ...checkTsconfig(project),
    ...checkEslint(project, peers.eslint ?? "*", addDev),
  ];
}

function checkConvex(root: string, range: string, add: string): Check {
  const code = "convex-version";
  const convex = installed(root, "convex");
  if (convex === null) return error(code, "convex is not installed.", `${add} convex`);
  return satisfies(convex.version, range, ANY_RELEASE)
    ? ok(code, `convex ${convex.version} is one that the component works with.`)
    : error(
        code,
        `convex ${convex.version} is not in ${range}, which the component needs.`,
        `${add} convex@latest`,
      );
}

/** Two copies have two kinds of validators and functions: what the one makes, the other does not recognise. */
function checkSingleConvex(root: string, own: Installed): Check {
  const code = "single-convex";
  const [theirs, ours] = [installed(root, "convex"), installed(own.directory, "convex")];
  if (ours === null || theirs === null || ours.directory === theirs.directory)
    return ok(code, "There is one copy of convex.");
  return error(
    code,
    `There are two copies of convex: ${theirs.version} of the project, and ${ours.version} of ${OWN}.`,
    "Install one version for both: remove node_modules and the second entry of convex from the lock file, and install again (npm dedupe, pnpm dedupe).",
  );
}

function checkTypescript({ language, root }: Project, addDev: string): Check[] {
  const code = "typescript-version";
  const found = installed(root, "typescript");
  if (language === "js" || found === null) return [];
  // Version 7 has no API for programs; typescript-eslint and the guard need one.
  if (found.version.startsWith("7.") && installed(root, "typescript-eslint") !== null) {
    return [
      error(
        code,
        `typescript-eslint cannot run with TypeScript ${found.version}: no rule finds a write to a mirror.`,
        `${addDev} ${BESIDE_7}`,
      ),
    ];
  }
  if (satisfies(found.version, TYPESCRIPT, ANY_RELEASE))
    return [ok(code, `TypeScript ${found.version} is a tested version.`)];
  return [
    warning(
      code,
      `TypeScript ${found.version} is not tested with the guard's types (5.9, 6.0 and 7.0 are).`,
      `${addDev} typescript@6`,
    ),
  ];
}

/** `convex deploy` checks types only where the functions have a tsconfig.json. */
function checkTsconfig({ language, root, functionsDir, hasFunctions, packageManager }: Project): Check[] {
  const code = "functions-typechecked";
  if (language === "js" || !hasFunctions) return [];
  const file = `${functionsDir}/tsconfig.json`;
  if (existsSync(path.join(root, file))) return [ok(code, `${file} enables the type check.`)];
  return [
    error(
      code,
      `There is no ${file}: convex deploy checks no types, so a write to a mirror is not refused.`,
      `${packageManager.exec} streaming-import init, which writes it.`,
    ),
  ];
}

function checkEslint(project: Project, range: string, addDev: string): Check[] {
  const code = "eslint-version";
  const { root, language } = project;
  const config = lintConfigOf(project);
  // Whether there should be a config is another check's question.
  if (config === null || !lints(config)) return [];
  const needed = ["eslint", ...(language === "ts" ? ["typescript-eslint"] : [])];
  const missing = needed.filter((name) => installed(root, name) === null);
  const found = installed(root, "eslint");
  if (missing.length > 0 || found === null) {
    const names = missing.join(" and ");
    return [
      error(code, `${config.file} needs ${names}, not installed here.`, `${addDev} ${missing.join(" ")}`),
    ];
  }
  if (satisfies(found.version, range, ANY_RELEASE))
    return [ok(code, `ESLint ${found.version} can load the plugin.`)];
  return [
    error(
      code,
      `ESLint ${found.version} is not ${range}, which the plugin needs.`,
      `${addDev} eslint@latest`,
    ),
  ];
}
