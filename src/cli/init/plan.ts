import { moduleOf, type Project } from "../project/project.js";
import { planAppConfig } from "./steps/appConfig.js";
import { planEslintConfig } from "./steps/eslintConfig.js";
import { planFunctions } from "./steps/functions.js";
import { planHttp } from "./steps/http.js";
import { planImports } from "./steps/imports.js";
import { planPackageJson } from "./steps/packageJson.js";
import { planSchema } from "./steps/schema.js";
import type { InitOptions, Planning, Step } from "./edit.js";
import { planTsconfig } from "./steps/tsconfig.js";

/** In this order: routes need the importer, which needs the schema and the component's name. */
const PLANNERS: readonly ((planning: Planning) => Step | null)[] = [
  planTsconfig,
  planAppConfig,
  planSchema,
  planImports,
  planHttp,
  planFunctions,
  planEslintConfig,
  planPackageJson,
];

/** What the set-up makes of a project, file by file. Nothing is written. */
export function plan(project: Project, options: InitOptions): Step[] {
  const steps = new Map<string, Step>();
  let planned = project;
  for (const planner of PLANNERS) {
    const step = planner({ project: planned, options });
    if (step === null) continue;
    const earlier = steps.get(step.file);
    // Two parts of the set-up in one file: the second one has seen what the first has added.
    const before = earlier === undefined ? step.before : earlier.before;
    const manual = [earlier?.manual ?? null, step.manual].filter((text) => text !== null).join("\n");
    steps.set(step.file, { ...step, before, manual: manual === "" ? null : manual });
    if (step.after !== null && step.after !== step.before) planned = withFile(planned, step.file, step.after);
  }
  return [...steps.values()];
}

/** The project as it is once a file has been written. */
function withFile(project: Project, file: string, text: string): Project {
  if (!file.startsWith(`${project.functionsDir}/`)) return project;
  const others = project.modules.filter((module) => module.file !== file);
  return { ...project, modules: [...others, moduleOf(file, text)] };
}
