/** What an import means to Convex's bundler: esbuild's rules for the platform browser, where TypeScript has others. */
import type ts from "typescript";
import type { TypeScript } from "./model.js";
import { directoryOf } from "./packages.js";

/** The extensions that the bundler tries where an import names none, in this order. */
const IMPLIED = [".tsx", ".ts", ".jsx", ".js", ".css", ".json"];

/** What an extension may stand for, where no file has it. */
const SOURCES: Readonly<Record<string, readonly string[]>> = {
  ".js": [".ts", ".tsx"],
  ".jsx": [".ts", ".tsx"],
  ".mjs": [".mts"],
  ".cjs": [".cts"],
};

const CONDITIONS = ["browser", "convex", "module", "default"];

/** `import` and `require` may find different files of a package. */
export type ImportKind = "import" | "require";

type Fields = Readonly<Record<string, unknown>>;

/** Finds the file of an import as the bundler does; reads each configuration once. */
export class Bundler {
  private readonly nearby = new Map<string, string | null>();
  private readonly manifests = new Map<string, Fields>();
  private readonly configs = new Map<string, ts.CompilerOptions>();

  constructor(private readonly typescript: TypeScript) {}

  /** The file that is bundled, or the folder of an installed package; null if there is none. */
  resolve(specifier: string, path: string, kind: ImportKind): string | null {
    const from = directoryOf(path);
    const found = this.find(specifier, from, kind);
    const suffix = specifier.search(/[?#]/);
    return found ?? (suffix > 0 ? this.find(specifier.slice(0, suffix), from, kind) : null);
  }

  private find(specifier: string, from: string, kind: ImportKind): string | null {
    const asked = isPath(specifier) ? resolvePath(from, specifier) : specifier;
    const replaced = this.replaced(asked, from, kind);
    if (replaced !== undefined) return replaced;
    return this.unreplaced(specifier, from, kind);
  }

  private unreplaced(specifier: string, from: string, kind: ImportKind): string | null {
    if (!isPath(specifier)) return this.ofPackage(specifier, from, kind);
    const path = resolvePath(from, specifier);
    return (/(?:^|\/)\.{0,2}$/.test(specifier) ? null : this.file(path)) ?? this.directory(path, kind);
  }

  /** What the field `browser` has in the place of a file or a package; undefined if nothing. */
  private replaced(asked: string, from: string, kind: ImportKind): string | null | undefined {
    const start = isPath(asked) ? directoryOf(asked) : from;
    const manifest = this.nearest(start, ["package.json"], (path) => isMap(this.read(path)["browser"]));
    if (manifest === null) return undefined;
    const root = directoryOf(manifest);
    for (const [name, value] of Object.entries(this.read(manifest)["browser"] as Fields)) {
      const key = isPath(asked) ? resolvePath(root, name) : name;
      const candidates = ["", ...IMPLIED].flatMap((end) => [asked + end, `${asked}/index${end}`]);
      if (!candidates.includes(key)) continue;
      return typeof value === "string" ? this.unreplaced(value, root, kind) : null;
    }
    return undefined;
  }

  private ofPackage(specifier: string, from: string, kind: ImportKind): string | null {
    const named = this.named(specifier, from, kind);
    if (named !== null) return named;
    const own = this.nearest(from, ["package.json"]);
    const { name: ownName, imports, exports } = own === null ? {} : this.read(own);
    if (own !== null && specifier.startsWith("#") && isMap(imports))
      return this.mapped(directoryOf(own), imports, specifier, kind);
    const name = /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;
    const inside = `.${specifier.slice(name.length)}`;
    if (own !== null && ownName === name && exports !== undefined)
      return this.mapped(directoryOf(own), entriesOf(exports), inside, kind);
    const { sys } = this.typescript;
    for (let directory = from; ; directory = directoryOf(directory)) {
      const root = `${directory}/node_modules/${name}`;
      if (!directory.endsWith("/node_modules") && sys.directoryExists(root)) {
        const real = sys.realpath?.(root).replaceAll("\\", "/") ?? root;
        if (real.includes("/node_modules/")) return real;
        const found = this.inPackage(real, inside, kind);
        if (found !== undefined) return found;
      }
      if (directory === directoryOf(directory)) return this.byCompiler(specifier, from);
    }
  }

  /** Where there is no node_modules, as with Yarn's Plug'n'Play, the compiler may know where the package is. */
  private byCompiler(specifier: string, from: string): string | null {
    const { resolveModuleName, ModuleKind, ModuleResolutionKind, sys } = this.typescript;
    const options = {
      module: ModuleKind.ESNext,
      moduleResolution: ModuleResolutionKind.Bundler,
      allowJs: true,
    };
    const found = resolveModuleName(specifier, `${from}/x.ts`, options, sys).resolvedModule?.resolvedFileName;
    return found === undefined || /\.d\.[cm]?ts$/.test(found) ? null : found;
  }

  /** What a package of the workspace gives out under a name; undefined if nothing. */
  private inPackage(root: string, inside: string, kind: ImportKind): string | null | undefined {
    const { exports } = this.read(`${root}/package.json`);
    if (exports !== undefined) return this.mapped(root, entriesOf(exports), inside, kind);
    const path = resolvePath(root, inside);
    const replaced = this.replaced(path, root, kind);
    if (replaced !== undefined) return replaced;
    return (inside === "." ? null : this.file(path)) ?? this.directory(path, kind) ?? undefined;
  }

  /** What the nearest tsconfig.json calls by a name: the first target that is there. */
  private named(specifier: string, from: string, kind: ImportKind): string | null {
    const config = this.nearest(from, ["tsconfig.json", "jsconfig.json"]);
    if (config === null) return null;
    const { baseUrl, paths = {}, pathsBasePath } = this.optionsOf(config);
    const base = baseUrl ?? (typeof pathsBasePath === "string" ? pathsBasePath : directoryOf(config));
    const [key, star] = bestKey(Object.keys(paths), specifier) ?? [];
    const targets = key === undefined ? [] : (paths[key] ?? []);
    // Declaration files are for the compiler alone.
    const names = targets
      .map((one) => one.replace("*", () => star ?? ""))
      .filter((one) => !/\.d\.ts$/i.test(one));
    for (const name of [
      ...names.map((one) => resolvePath(base, one)),
      ...(baseUrl === undefined ? [] : [resolvePath(baseUrl, specifier)]),
    ]) {
      const found = this.file(name) ?? this.directory(name, kind);
      if (found !== null) return found;
    }
    return null;
  }

  /** What `exports` or `imports` of a package.json have for a name. */
  private mapped(root: string, map: Fields, name: string, kind: ImportKind): string | null {
    const [key, star] = bestKey(Object.keys(map), name) ?? [];
    const target = key === undefined ? undefined : this.chosen(map[key], kind);
    if (typeof target !== "string") return null;
    const named = star === null || star === undefined ? target : target.replaceAll("*", () => star);
    // Only `imports` may name another package.
    if (!named.startsWith("./")) return isPath(named) ? null : this.ofPackage(named, root, kind);
    const path = resolvePath(root, named);
    return this.isFile(path) ? path : this.source(path);
  }

  /** The target for the bundler's conditions; null where a package refuses, undefined where it says nothing. */
  private chosen(target: unknown, kind: ImportKind): string | null | undefined {
    if (typeof target === "string" || target === null) return target;
    const isList = Array.isArray(target);
    const targets: unknown[] = isList
      ? target
      : Object.entries((target ?? {}) as Fields)
          .filter(([condition]) => condition === kind || CONDITIONS.includes(condition))
          .map(([, value]) => value);
    for (const one of targets) {
      const found = this.chosen(one, kind);
      // Of a list, the first that is valid counts.
      if (found !== undefined && !(isList && (found === null || !isTarget(found)))) return found;
    }
    return undefined;
  }

  private file(path: string): string | null {
    return ["", ...IMPLIED].map((end) => path + end).find((one) => this.isFile(one)) ?? this.source(path);
  }

  private source(path: string): string | null {
    const extension = /\.[^./]*$/.exec(path)?.[0] ?? "";
    const stem = path.slice(0, path.length - extension.length);
    return SOURCES[extension]?.map((end) => stem + end).find((one) => this.isFile(one)) ?? null;
  }

  private directory(path: string, kind: ImportKind): string | null {
    if (!this.typescript.sys.directoryExists(path)) return null;
    const { browser, module, main } = this.read(`${path}/package.json`);
    const byField = (field: unknown): string | null => {
      if (typeof field !== "string") return null;
      const named = resolvePath(path, field);
      const replaced = this.replaced(named, path, kind);
      return replaced === undefined ? (this.file(named) ?? this.index(named, kind)) : replaced;
    };
    const byMain = (): string | null => byField(main);
    const byModule = (): string | null => byField(module);
    const index = (): string | null => this.index(path, kind);
    const order = kind === "import" ? [byModule, byMain, index] : [byMain, index, byModule];
    return order.reduce((found, next) => found ?? next(), byField(browser));
  }

  private index(path: string, kind: ImportKind): string | null {
    const named = `${path}/index`;
    const replaced = this.replaced(named, path, kind);
    if (replaced !== undefined) return replaced;
    return IMPLIED.map((end) => named + end).find((one) => this.isFile(one)) ?? null;
  }

  private isFile(path: string): boolean {
    return this.typescript.sys.fileExists(path);
  }

  private read(manifest: string): Fields {
    let fields = this.manifests.get(manifest);
    if (fields === undefined) {
      const { sys, readConfigFile } = this.typescript;
      const config: unknown = sys.fileExists(manifest)
        ? readConfigFile(manifest, (name) => sys.readFile(name)).config
        : null;
      this.manifests.set(manifest, (fields = isMap(config) ? config : {}));
    }
    return fields;
  }

  private optionsOf(tsconfig: string): ts.CompilerOptions {
    let options = this.configs.get(tsconfig);
    if (options === undefined) {
      const { getParsedCommandLineOfConfigFile, sys } = this.typescript;
      const host = { ...sys, readDirectory: () => [], onUnRecoverableConfigFileDiagnostic: () => undefined };
      options = getParsedCommandLineOfConfigFile(tsconfig, {}, host)?.options ?? {};
      this.configs.set(tsconfig, options);
    }
    return options;
  }

  /** The first of these files in a directory or above it. */
  private nearest(
    directory: string,
    names: readonly string[],
    fits: (path: string) => boolean = () => true,
  ): string | null {
    for (let current = directory; ; current = directoryOf(current)) {
      const here = this.oneOf(current, names);
      if (here !== null && fits(here)) return here;
      if (current === directoryOf(current)) return null;
    }
  }

  private oneOf(directory: string, names: readonly string[]): string | null {
    const key = `${directory}/${names.join()}`;
    let found = this.nearby.get(key);
    if (found === undefined) {
      found = names.map((name) => `${directory}/${name}`).find((one) => this.isFile(one)) ?? null;
      this.nearby.set(key, found);
    }
    return found;
  }
}

/** The key for a name, and what its `*` stands for: the name itself, or the longest pattern. */
function bestKey(keys: readonly string[], name: string): readonly [key: string, star: string | null] | null {
  if (keys.includes(name) && !name.includes("*")) return [name, null];
  const [best] = keys
    .map((key) => [key, ...key.split("*")])
    .filter(
      ([, before = "", after]) =>
        after !== undefined &&
        name.length >= before.length + after.length &&
        name.startsWith(before) &&
        name.endsWith(after),
    )
    .sort(([, one = "", end = ""], [, other = "", otherEnd = ""]) =>
      one.length === other.length ? otherEnd.length - end.length : other.length - one.length,
    );
  const [key, before = "", after = ""] = best ?? [];
  return key === undefined ? null : [key, name.slice(before.length, name.length - after.length)];
}

/** `exports` by names: where it has none, all of it is for the package itself. */
function entriesOf(exports: unknown): Fields {
  return isMap(exports) && Object.keys(exports).every((key) => key.startsWith("."))
    ? exports
    : { ".": exports };
}

function isMap(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A file within the package. */
function isTarget(target: string): boolean {
  return target.startsWith("./") && !/\/(?:\.\.?|node_modules)(?:\/|$)/.test(target);
}

function isPath(specifier: string): boolean {
  return /^(?:\/|[A-Za-z]:\/|\.\.?(?:\/|$))/.test(specifier);
}

/** `resolvePath("/app", "./lib/save.ts")` */
function resolvePath(directory: string, path: string): string {
  if (/^(?:\/|[A-Za-z]:\/)/.test(path)) return path;
  const parts = directory.split("/");
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "." && part !== "") parts.push(part);
  }
  return parts.join("/");
}
