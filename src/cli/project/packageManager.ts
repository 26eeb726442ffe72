import { existsSync } from "node:fs";
import path from "node:path";

/** How a project's package manager is asked to do something. */
export interface PackageManager {
  name: "npm" | "pnpm" | "yarn" | "bun";
  /** `npm install --save-dev`, … */
  add: string;
  addDev: string;
  /** Runs a command of an installed package: `npx`, … */
  exec: string;
}

const MANAGERS: Record<PackageManager["name"], PackageManager> = {
  npm: { name: "npm", add: "npm install", addDev: "npm install --save-dev", exec: "npx" },
  pnpm: { name: "pnpm", add: "pnpm add", addDev: "pnpm add --save-dev", exec: "pnpm exec" },
  yarn: { name: "yarn", add: "yarn add", addDev: "yarn add --dev", exec: "yarn" },
  bun: { name: "bun", add: "bun add", addDev: "bun add --dev", exec: "bunx" },
};

const LOCK_FILES: [string, PackageManager["name"]][] = [
  ["package-lock.json", "npm"],
  ["pnpm-lock.yaml", "pnpm"],
  ["yarn.lock", "yarn"],
  ["bun.lock", "bun"],
  ["bun.lockb", "bun"],
];

/**
 * The package manager of a project: the one that package.json names (`packageManager`), else the one whose lock file is
 * nearest, for a workspace keeps it above; else npm.
 */
export function packageManagerOf(root: string, declared: string | undefined): PackageManager {
  const named = /^(npm|pnpm|yarn|bun)@/.exec(declared ?? "")?.[1];
  if (named !== undefined) return MANAGERS[named as PackageManager["name"]];
  for (let directory = path.resolve(root); ; directory = path.dirname(directory)) {
    const lock = LOCK_FILES.find(([file]) => existsSync(path.join(directory, file)));
    if (lock !== undefined) return MANAGERS[lock[1]];
    if (directory === path.dirname(directory)) return MANAGERS.npm;
  }
}
