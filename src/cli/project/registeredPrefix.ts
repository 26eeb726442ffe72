import { importerOf, routesOf } from "./parts.js";
import { readProject } from "./project.js";

/** The path under which the project of a directory serves the import API: "" for the root, and where it is not told. */
export function registeredPrefix(directory: string): string {
  try {
    const project = readProject(directory);
    const importer = importerOf(project);
    const prefixes = importer === null ? [] : routesOf(project, importer);
    return prefixes.includes("") ? "" : (prefixes[0] ?? "");
  } catch {
    // What is wrong with the project is the doctor's matter; the address may be right all the same.
    return "";
  }
}
