import type { Command } from "commander";
import type { DeploymentOptions } from "./environment.js";

/** Options of all commands that talk to a deployment. */
export interface CommonOptions extends DeploymentOptions {
  json?: boolean;
}

/** Adds the options by which a deployment is found where the environment does not tell. */
export function withDeployment(command: Command): Command {
  return command
    .option("--url <url>", "the deployment's API (default: CONVEX_URL or CONVEX_SELF_HOSTED_URL)")
    .option("--site-url <url>", "the import API, with its path prefix (default: CONVEX_SITE_URL)")
    .option(
      "--admin-key <key>",
      "the deployment's key (default: CONVEX_DEPLOY_KEY or CONVEX_SELF_HOSTED_ADMIN_KEY)",
    )
    .option("--module <name>", "the module that exports internalFunctions()", undefined)
    .option("--component <name>", "the name that app.use gives the component", undefined)
    .option("--json", "print JSON for machines");
}

/** Collects an option that may be given several times. */
export function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}
