import { openAdmin, type Admin } from "./admin.js";
import { findDeployment, readVariables, type Deployment } from "./environment.js";
import type { CommonOptions } from "./options.js";

/** What operating commands start from: the deployment, and its key at work. */
export interface Session {
  deployment: Deployment;
  admin: Admin;
}

/** @throws CliError when there is no key */
export function openSession(options: CommonOptions): Session {
  const deployment = findDeployment(options, readVariables());
  return { deployment, admin: openAdmin(deployment) };
}
