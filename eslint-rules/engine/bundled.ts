/** What an import means to Convex's bundler, esbuild, where TypeScript may find another file. */
import type ts from "typescript";
import type { TypeScript } from "./model.js";
import { directoryOf } from "./packages.js";

/** The extensions that the bundler tries where an import names none, in this order. */
const IMPLIED = [".tsx", ".ts", ".jsx", ".js"];

interface Manifest {
  readonly exports?: unknown;
  readonly main?: unknown;
  readonly module?: unknown;
  readonly browser?: unknown;
  readonly typesVersions?: unknown;
}

interface Resolver {
  readonly options: ts.CompilerOptions;
  readonly cache: ts.ModuleResolutionCache;
}

/** Finds the files of imports as the bundler does; looks at each directory once. */
export class Bundler {
  private readonly options: ts.CompilerOptions & { noDtsResolution: boolean };
  private readonly resolvers = new Map<string | null, Resolver>();
  private readonly nearby = new Map<string, string | null>();
  private readonly manifests = new Map<string, Manifest>();

  constructor(
    private readonly typescript: TypeScript,
    compilerOptions: ts.CompilerOptions,
  ) {
    // `noDtsResolution` is of TypeScript's inside: it resolves to code, as a bundler does, not to declarations.
    this.options = {
      ...compilerOptions,
      noDtsResolution: true,
      moduleSuffixes: undefined,
      customConditions: ["convex", "module", "browser"],
    };
  }

  /** The code that an import may bundle: more than one file where both may be meant. */
  resolve(specifier: string, path: string): string[] {
    const { typescript } = this;
    const from = directoryOf(path);
    const resolve = ({ options, cache }: Resolver): string | undefined =>
      typescript.resolveModuleName(specifier, path, options, typescript.sys, cache).resolvedModule
        ?.resolvedFileName;
    const target =
      resolve(this.resolverOf(this.nearest(from, "tsconfig.json"))) ?? resolve(this.resolverOf(null));
    const found = target === undefined ? [] : this.alike(specifier, target);
    // A package.json may also name code for a file that is not there.
    const named = join(from, specifier);
    return [
      ...found,
      ...this.unmoved(specifier, target),
      ...this.replaced(directoryOf(target ?? named), [...found, named]),
      ...this.replaced(from, [specifier]),
    ];
  }

  /** The bundler takes `paths` from the tsconfig.json that is nearest to the importing file. */
  private resolverOf(tsconfig: string | null): Resolver {
    const { typescript, options } = this;
    let resolver = this.resolvers.get(tsconfig);
    if (resolver === undefined) {
      const own = tsconfig === null ? {} : pathsOf(typescript, tsconfig);
      const all = { ...options, ...own };
      const cache = typescript.createModuleResolutionCache(
        typescript.sys.getCurrentDirectory(),
        (name) => name,
        all,
      );
      this.resolvers.set(tsconfig, (resolver = { options: all, cache }));
    }
    return resolver;
  }

  /**
   * Files that differ in the extension: the one that the import names comes before its source (`save.js` before
   * `save.ts`). What a package names is not known, so it is each of them.
   */
  private alike(specifier: string, target: string): string[] {
    const named = /\.[cm]?[jt]sx?$/.exec(specifier)?.[0];
    const stem = target.replace(/\.[cm]?[jt]sx?$/, "");
    const all = (named === undefined ? IMPLIED : [named])
      .map((extension) => stem + extension)
      .filter((one) => this.typescript.sys.fileExists(one));
    if (all.length === 0) return [target];
    return specifier.startsWith(".") ? all.slice(0, 1) : all;
  }

  /** The code that `browser` and `module` of a package.json name instead of some files, or of the package. */
  private replaced(directory: string, asked: readonly string[]): string[] {
    const path = this.nearest(directory, "package.json");
    if (path === null) return [];
    const root = directoryOf(path);
    const { exports, main, module, browser } = this.manifestOf(path);
    const isNamed = (name: string): boolean =>
      asked.some((one) => one === name || withoutExtension(one) === withoutExtension(join(root, name)));
    const map = typeof browser === "object" && browser !== null ? Object.entries(browser) : [];
    const names: unknown[] = map.flatMap(([name, value]: [string, unknown]) =>
      isNamed(name) ? [value] : [],
    );
    if (exports === undefined && isNamed(typeof main === "string" ? main : "index"))
      names.push(browser, module);
    return this.filesOf(root, names);
  }

  /** What a package would give out without `typesVersions`, which the bundler does not know. */
  private unmoved(specifier: string, target: string | undefined): string[] {
    const path = target === undefined ? null : this.nearest(directoryOf(target), "package.json");
    if (specifier.startsWith(".") || path === null) return [];
    const { exports, main = "index", typesVersions } = this.manifestOf(path);
    if (exports !== undefined || typesVersions === undefined) return [];
    const inside = specifier.split("/").slice(specifier.startsWith("@") ? 2 : 1);
    return this.filesOf(directoryOf(path), [inside.length > 0 ? inside.join("/") : main]);
  }

  /** The files that names in a package.json lead to. */
  private filesOf(root: string, names: readonly unknown[]): string[] {
    return names
      .flatMap((name) =>
        typeof name === "string" ? ["", ...IMPLIED].map((end) => join(root, name) + end) : [],
      )
      .filter((name) => this.typescript.sys.fileExists(name));
  }

  private manifestOf(path: string): Manifest {
    let manifest = this.manifests.get(path);
    if (manifest === undefined) {
      const read = this.typescript.readConfigFile(path, (name) => this.typescript.sys.readFile(name));
      this.manifests.set(path, (manifest = (read.config ?? {}) as Manifest));
    }
    return manifest;
  }

  private nearest(directory: string, name: string): string | null {
    const here = `${directory}/${name}`;
    let found = this.nearby.get(here);
    if (found === undefined) {
      const parent = directoryOf(directory);
      if (this.typescript.sys.fileExists(here)) found = here;
      else found = parent === directory ? null : this.nearest(parent, name);
      this.nearby.set(here, found);
    }
    return found;
  }
}

function withoutExtension(path: string): string {
  return path.replace(/\.[cm]?[jt]sx?$/, "");
}

/** `join("/app", "./lib/save.ts")` */
function join(directory: string, relative: string): string {
  const parts = directory.split("/");
  for (const part of relative.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "." && part !== "") parts.push(part);
  }
  return parts.join("/");
}

/** What a tsconfig.json says about the names of modules. */
function pathsOf(
  { getParsedCommandLineOfConfigFile, sys }: TypeScript,
  tsconfig: string,
): ts.CompilerOptions {
  const host = { ...sys, readDirectory: () => [], onUnRecoverableConfigFileDiagnostic: () => undefined };
  const { options = {} } = getParsedCommandLineOfConfigFile(tsconfig, {}, host) ?? {};
  // `pathsBasePath` is of TypeScript's inside: where relative paths begin.
  const { baseUrl, paths, pathsBasePath } = options;
  return { baseUrl, paths, pathsBasePath };
}
