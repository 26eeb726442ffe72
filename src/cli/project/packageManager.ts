import { detect, resolveCommand } from "package-manager-detector";

/** How a project's package manager is asked to do something. */
export interface PackageManager {
  /** `npm i`, `npm i -D`, … */
  add: string;
  addDev: string;
  /** Runs a command of an installed package: `npx`, … */
  exec: string;
}

/**
 * The package manager of a project: the one of the nearest lock file, for a workspace keeps it above, or of the nearest
 * `packageManager` in a package.json; else npm.
 */
export async function packageManagerOf(cwd: string): Promise<PackageManager> {
  const agent = (await detect({ cwd }))?.agent ?? "npm";
  const command = (name: "add" | "execute-local", args: string[]) => {
    const resolved = resolveCommand(agent, name, args) ?? resolveCommand("npm", name, args)!;
    return [resolved.command, ...resolved.args].join(" ");
  };
  return {
    add: command("add", []),
    addDev: command("add", ["-D"]),
    // `yarn exec` of version 1 takes the options of a command for its own.
    exec: agent.startsWith("yarn") ? "yarn" : command("execute-local", []),
  };
}
