import type { DeploymentOptions } from "../deployment/environment.js";
import { messageOf } from "../terminal/exit.js";
import { readProject } from "../project/project.js";
import { error, type Check } from "./check.js";
import { checkDeployment } from "./checks/live.js";
import { checkPackages } from "./checks/packages.js";
import { checkSetUp } from "./checks/setup.js";

export interface DoctorOptions extends DeploymentOptions {
  /** Look at the project's files alone. */
  offline?: boolean;
  /** This machine's clock, in milliseconds; for tests. */
  now?: () => number;
  env?: NodeJS.ProcessEnv;
}

/**
 * Looks at a project and its deployment, and tells of each thing whether it is well.
 * @throws CliError where there is no project
 */
export async function examine(root: string, options: DoctorOptions): Promise<Check[]> {
  const { offline, now = Date.now, env = process.env, ...deployment } = options;
  const project = readProject(root);
  const packages = checkPackages(project);
  const setUp = await checkSetUp(project);
  const checks = [...packages, ...setUp.checks];
  if (offline === true) return checks;
  try {
    return [...checks, ...(await checkDeployment({ project, setUp, options: deployment, now, env }))];
  } catch (thrown) {
    // What was found before is worth telling all the same.
    const fix = "See what it says; with --offline only the files are looked at.";
    return [
      ...checks,
      error("deployment-reachable", `The deployment could not be asked: ${messageOf(thrown)}`, fix),
    ];
  }
}
