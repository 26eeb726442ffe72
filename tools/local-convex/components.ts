/** The components of a pushed app, where they are mounted, and what environment each of them sees. */
import type { AnalyzedPush } from "./analyze.js";
import type { Schema } from "./mock.js";
import type { CheckedComponent, ExportedDefinition } from "./pushTypes.js";
import { asRouter, type Router } from "./registered.js";
import type { Env } from "./scope.js";

/** One mounted component (the app is the one with path ""). */
export interface InstalledComponent {
  path: string;
  definition: ExportedDefinition;
  modules: ReadonlyMap<string, Record<string, unknown>>;
  /** Where the files of the modules are. */
  directory: string;
  schema: Schema | null;
  router: Router | null;
  mounts: { prefix: string; child: string }[];
  /** Where the component's routes are reachable; "" unless mounted with httpPrefix. */
  sitePrefix: string | null;
}

/** Flattens the component tree, parents before children. */
export function describeComponents(push: AnalyzedPush): Map<string, InstalledComponent> {
  const components = new Map<string, InstalledComponent>();
  const visit = (node: CheckedComponent, sitePrefix: string | null): void => {
    const loaded = push.loaded.get(node.definitionPath);
    const definition = push.analysis[node.definitionPath]?.definition;
    if (loaded === undefined || definition === undefined) {
      throw new Error(`No definition for ${node.definitionPath}`);
    }
    const mounts = Object.entries(definition.httpMounts).map(([prefix, reference]) => ({
      prefix,
      child: reference.replace("_reference/childComponent/", ""),
    }));
    components.set(node.componentPath, {
      path: node.componentPath,
      definition,
      modules: loaded.modules,
      directory: loaded.directory,
      schema: loaded.schema,
      router: asRouter(loaded.modules.get("http")?.default),
      mounts,
      sitePrefix,
    });
    for (const [name, child] of Object.entries(node.childComponents)) {
      const mount = mounts.find((candidate) => candidate.child === name);
      const base = sitePrefix?.replace(/\/$/, "");
      visit(child, mount === undefined || base === undefined ? null : base + mount.prefix);
    }
  };
  visit(push.app, "");
  return components;
}

export function childPath(parent: string, name: string): string {
  return parent === "" ? name : `${parent}/${name}`;
}

/** The app sees the deployment's variables, a component only what its parent passes on; all see the system's two. */
export function componentEnvironments(
  components: ReadonlyMap<string, InstalledComponent>,
  appEnv: Env,
  urls: { cloud: string; site: string },
): Map<string, Env> {
  const system = (sitePrefix: string | null): Env => ({
    CONVEX_CLOUD_URL: urls.cloud,
    CONVEX_SITE_URL: urls.site + (sitePrefix ?? "").replace(/\/$/, ""),
  });
  const environments = new Map([["", { ...appEnv, ...system(null) }]]);
  // Parents come first, so what a child inherits is known by then.
  for (const component of components.values()) {
    const inherited = environments.get(component.path);
    for (const child of component.definition.childComponents) {
      const path = childPath(component.path, child.name);
      const env: Env = {};
      for (const [name, binding] of child.env ?? []) {
        const value = binding.type === "value" ? binding.value : inherited?.[binding.name];
        if (value !== undefined) env[name] = value;
      }
      environments.set(path, { ...env, ...system(components.get(path)?.sitePrefix ?? null) });
    }
  }
  return environments;
}
