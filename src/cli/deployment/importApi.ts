import { existsSync } from "node:fs";
import path from "node:path";
import { requireSite, type Deployment } from "./environment.js";

/**
 * Where the import API is. A site URL of the environment is the deployment's, without a path; the path is what the
 * project's `http.ts` registers, unless it serves the root, too. A URL with a path, or one of the command line, is taken
 * as it is.
 * @throws CliError when there is no site URL
 */
export async function importApi(deployment: Deployment, directory = process.cwd()): Promise<string> {
  const site = requireSite(deployment);
  if (deployment.isSiteGiven || new URL(site).pathname !== "/") return site;
  if (!existsSync(path.join(directory, "package.json"))) return site;
  // The compiler that reads http.ts is large: not for who has no project.
  const { registeredPrefix } = await import("../project/registeredPrefix.js");
  return `${site}${registeredPrefix(directory)}`;
}
