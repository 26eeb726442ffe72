import { installed } from "../project/installed.js";
import { guardOf, rawBuildersOf } from "../project/parts.js";
import type { Project } from "../project/project.js";
import { actionOf, type Step } from "./step.js";

const PACKAGE = "convex-streaming-import";

/** What is left to do after init has written its files: commands and edits, in order. */
export function nextSteps(project: Project, steps: readonly Step[]): string[] {
  const { root, manifest, packageManager, functionsDir } = project;
  const { add, addDev, exec } = packageManager;
  const declared = { ...manifest.dependencies, ...manifest.devDependencies };
  const missing = [PACKAGE, "convex"].filter((name) => declared[name] === undefined);
  const config = steps.find(({ file }) => file.startsWith("eslint.config."))?.after ?? "";
  const linters = ["eslint", "typescript-eslint"].filter(
    (name) => (name === "eslint" || config.includes(`"${name}"`)) && installed(root, name) === null,
  );
  const guard = guardOf(project)?.file ?? `${functionsDir}/functions.${project.language}`;
  const raw = rawBuildersOf(project, guardOf(project)).filter((file) => file !== guard);
  const schema = steps.find(({ file }) => /\/schema\.\w+$/.test(file));
  const isNewMirror = schema !== undefined && schema.before !== schema.after;
  return [
    ...steps.flatMap((step) => (actionOf(step) === "by hand" ? [`Edit ${step.file} as shown above.`] : [])),
    ...(missing.length > 0 ? [`${add} ${missing.join(" ")}`] : []),
    ...(linters.length > 0 ? [`${addDev} ${linters.join(" ")}`] : []),
    ...(isNewMirror ? [`Give the mirror in ${schema.file} the name, key and columns of your table.`] : []),
    ...(raw.length > 0
      ? [
          `Import mutation and internalMutation from ${guard} in ${raw.join(", ")}, in the place of _generated/server.`,
        ]
      : []),
    `${exec} convex dev`,
    `${exec} streaming-import token create <connector> --mirror <mirror>`,
    `${exec} streaming-import doctor`,
  ];
}
