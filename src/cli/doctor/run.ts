import { EXIT, type ExitCode, messageOf } from "../terminal/exit.js";
import { print } from "../terminal/output.js";
import { type Check, error } from "./check.js";
import type { DeploymentOptions } from "../deployment/environment.js";
import { readProject } from "../project/project.js";
import { checkHelpers } from "./checks/helpers.js";
import { checkDeployment } from "./checks/live.js";
import { checkPackages } from "./checks/packages.js";
import { checkSetUp } from "./checks/setup.js";
import { style } from "../terminal/style.js";
import type { Io, Place } from "../terminal/io.js";

/** `streaming-import doctor`. @returns 1 when there is an error, else 0: warnings leave an import working */
export async function runDoctor(io: Io, options: DoctorOptions & { json?: boolean }): Promise<ExitCode> {
  const { json, ...rest } = options;
  const checks = await examine(io, rest);
  const errors = checks.filter(({ level }) => level === "error").length;
  print(io, json, { ok: errors === 0, checks }, () => describe(checks));
  return errors === 0 ? EXIT.ok : EXIT.failure;
}

const MARKS = { ok: style.green("ok     "), warning: style.yellow("warning"), error: style.red("error  ") };

function describe(checks: readonly Check[]): string {
  const lines = checks.map(({ level, code, message, fix }) => {
    if (fix === null) return `${MARKS[level]}  ${message}`;
    return `${MARKS[level]}  ${message} ${style.dim(`(${code})`)}\n${indented(fix)}`;
  });
  const count = (level: Check["level"], word: string) => {
    const number = checks.filter((check) => check.level === level).length;
    return number === 0 ? [] : [`${String(number)} ${word}${number === 1 ? "" : "s"}`];
  };
  const found = [...count("error", "error"), ...count("warning", "warning")];
  const summary = found.length === 0 ? style.green("No problem found.") : found.join(", ");
  return `${lines.join("\n")}\n\n${summary}`;
}

function indented(fix: string): string {
  return fix
    .split("\n")
    .map((line, i) => `         ${i === 0 ? style.cyan("→ ") : "  "}${line}`)
    .join("\n");
}

export interface DoctorOptions extends DeploymentOptions {
  /** Look at the project's files alone. */
  offline?: boolean;
  /** This machine's clock, in milliseconds; for tests. */
  now?: () => number;
}

/**
 * Looks at a project and its deployment, and tells of each thing whether it is well.
 * @throws CliError where there is no project
 */
export async function examine(place: Place, options: DoctorOptions): Promise<Check[]> {
  const { offline, now = Date.now, ...deployment } = options;
  const project = await readProject(place.cwd);
  const packages = checkPackages(project);
  const setUp = await checkSetUp(project);
  const checks = [...packages, ...setUp.checks, ...(await checkHelpers(project))];
  if (offline === true) return checks;
  try {
    return [...checks, ...(await checkDeployment({ project, setUp, options: deployment, now, place }))];
  } catch (thrown) {
    // What was found before is still worth reporting.
    const fix = "Read the error. With --offline, only the files are checked.";
    return [
      ...checks,
      error("deployment-reachable", `The deployment cannot be checked: ${messageOf(thrown)}`, fix),
    ];
  }
}
