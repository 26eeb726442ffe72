import { fileURLToPath } from "node:url";
import type ts from "typescript";
import type { TypeScript } from "./model.js";

/** Where a declaration comes from. */
export type Origin =
  | { readonly kind: "lib" }
  /** This package itself, installed or (in its own repository) as sources. */
  | { readonly kind: "self"; readonly path: string }
  | { readonly kind: "package"; readonly name: string; readonly path: string }
  | { readonly kind: "project" };

/** The name of this package. */
const SELF = "convex-streaming-import";

/** Where this package itself lies: two directories above this file, or three in its build. */
const OWN_DIRECTORY = fileURLToPath(new URL("../..", import.meta.url))
  .replaceAll("\\", "/")
  .replace(/(?:\/dist)?\/$/, "");

/** The package of `from "convex/server"`, `import("convex/server")`, `require("convex")` and `<reference types="convex" />`. */
const NAMED_PACKAGES =
  /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*|\btypes\s*=\s*)["']((?:@[^/"'\s]+\/)?[^./"'\s][^/"'\s]*)/g;

/**
 * Packages that may hold the database writer. Their members that write are either typed as Convex's writer or
 * summarised above; components write only tables of their own.
 */
const TRUSTED_PACKAGES: readonly RegExp[] = [
  /^convex$/,
  /^convex-helpers$/,
  /^convex-ents$/,
  /^@convex-dev\//,
  /^convex-streaming-import$/,
];

/** A package that the guard trusts by default. */
export function trustedPackage(name: string): boolean {
  return TRUSTED_PACKAGES.some((pattern) => pattern.test(name));
}

const MODULES = "/node_modules/";

interface PackageRoot {
  readonly name: string;
  readonly directory: string;
}

/** Tells the origin of source files; looks at each directory once. */
export class PackageIndex {
  private readonly origins = new WeakMap<ts.SourceFile, Origin>();
  private readonly roots = new Map<string, PackageRoot | null>();
  private readonly reached = new Map<string, ReadonlySet<string>>();
  private mentioned: Map<string, Set<string>> | null = null;

  constructor(
    private readonly typescript: TypeScript,
    private readonly program: ts.Program,
  ) {}

  originOf(file: ts.SourceFile): Origin {
    let origin = this.origins.get(file);
    if (origin === undefined) this.origins.set(file, (origin = this.classify(file)));
    return origin;
  }

  /** Whether a file is code of the app: the files that the guard checks. */
  isProject(file: ts.SourceFile): boolean {
    return this.originOf(file).kind === "project";
  }

  /** Whether Convex itself declares something. */
  isOfConvex(declaration: ts.Node | undefined): boolean {
    const origin = declaration && this.originOf(declaration.getSourceFile());
    return origin?.kind === "package" && origin.name === "convex";
  }

  /** Whether the declarations of a package name neither Convex nor a package that does: its types get the writer from elsewhere. */
  isStranger(name: string): boolean {
    const reached = this.reachedFrom(name);
    return !reached.has("convex") && !reached.has(SELF);
  }

  /** Whether such a package declares something. */
  isOfStranger(declaration: ts.Node | undefined): boolean {
    const origin = declaration && this.originOf(declaration.getSourceFile());
    return origin?.kind === "package" && this.isStranger(origin.name);
  }

  /** Whether the declarations of a package name this one, or a package that does. */
  isBuiltOnThis(name: string): boolean {
    return this.reachedFrom(name).has(SELF);
  }

  /** The packages that the declarations of a package name, and those that these name. */
  private reachedFrom(name: string): ReadonlySet<string> {
    let reached = this.reached.get(name);
    if (reached === undefined) {
      this.mentioned ??= this.mentions();
      const found = new Set([name]);
      for (const one of found) this.mentioned.get(one)?.forEach((other) => found.add(other));
      this.reached.set(name, (reached = found));
    }
    return reached;
  }

  /** The packages that the declarations of each package name. */
  private mentions(): Map<string, Set<string>> {
    const mentioned = new Map<string, Set<string>>();
    for (const file of this.program.getSourceFiles()) {
      const origin = this.originOf(file);
      if (origin.kind !== "package") continue;
      const names = mentioned.get(origin.name) ?? new Set<string>();
      mentioned.set(origin.name, names);
      for (const [, name] of file.text.matchAll(NAMED_PACKAGES)) {
        names.add(name!);
        // They all build on Convex, also one that is not what its name says.
        if (trustedPackage(name!)) names.add("convex");
      }
      // A type that a package wrote by itself may still be that of a mutation.
      if (file.text.includes("isMutation")) names.add("convex");
    }
    return mentioned;
  }

  /** Whether code at a path is of the app, wherever it is in the repository. */
  isOfApp(path: string): boolean {
    return this.placed(path, false).kind === "project";
  }

  /** Whether the package.json above both paths is the same. */
  areOfOnePackage(path: string, other: string): boolean {
    const root = this.rootOf(directoryOf(path));
    return root !== null && root.directory === this.rootOf(directoryOf(other))?.directory;
  }

  private classify(file: ts.SourceFile): Origin {
    if (this.program.isSourceFileDefaultLibrary(file)) return { kind: "lib" };
    const { fileName, isDeclarationFile } = file;
    return this.placed(this.placeOf(fileName), isDeclarationFile);
  }

  /** Where a file lies that a link in node_modules leads to, if the compiler keeps links. */
  private placeOf(path: string): string {
    const { sys } = this.typescript;
    const keepsLinks = this.program.getCompilerOptions().preserveSymlinks === true;
    if (!keepsLinks || !path.includes(MODULES)) return path;
    return sys.realpath?.(path).replaceAll("\\", "/") ?? path;
  }

  /** Whether code is a library's is decided by where it is installed; the name that it gives itself proves nothing. */
  private placed(path: string, isDeclaration: boolean): Origin {
    if (path.includes(MODULES)) return this.installed(path);
    const root = this.rootOf(directoryOf(path));
    if (root === null) return { kind: "project" };
    const inside = path.slice(root.directory.length + 1);
    // Only the sources of this package are the package; an example app in its repository is an app.
    if (root.name === SELF && root.directory === OWN_DIRECTORY)
      return /^(?:src|dist)\//.test(inside) ? { kind: "self", path: inside } : { kind: "project" };
    if (this.isLinked(root))
      return root.name === SELF
        ? { kind: "self", path: inside }
        : { kind: "package", name: root.name, path: inside };
    if (!isDeclaration || this.isRootPackage(root)) return { kind: "project" };
    // A package of the workspace, whose name anybody can choose.
    const name = trustedPackage(root.name) ? `workspace:${root.name}` : root.name;
    return { kind: "package", name, path: inside };
  }

  /** A package is the one that its folder says, if its package.json and all packages around it say so, too. */
  private installed(path: string): Origin {
    const folders = foldersOf(path);
    const names = folders.map(({ directory, name }) => {
      const own = this.readName(`${directory}/package.json`);
      if (own !== null && own.replace("/", "-") === name && directory.endsWith("/package")) return own;
      if (own === null || own === name || !trustedPackage(name)) return name;
      return trustedPackage(own) ? `npm:${own}` : own;
    });
    const last = names.at(-1) ?? "";
    const around = names.find((one) => !trustedPackage(one));
    // What such a package brings along is its code; types of the platform are not code of its own.
    const isBrought = trustedPackage(last) || (last.startsWith("@types/") && last !== "@types/node");
    const brought = isBrought ? around : undefined;
    const name = names.length > 1 && brought !== undefined ? brought : last;
    if (name === "@types/node") return { kind: "lib" };
    const inside = path.slice((folders.at(-1)?.directory.length ?? -1) + 1);
    return name === SELF
      ? { kind: "self", path: inside }
      : { kind: "package", name: describedBy(name), path: inside };
  }

  /** Sources of Convex or of this package that the app has installed by a link: the guard must know their types. */
  private isLinked(root: PackageRoot): boolean {
    if ((root.name !== "convex" && root.name !== SELF) || this.isOfWorkspace(root)) return false;
    const [first = ""] = this.program.getRootFileNames();
    const { sys } = this.typescript;
    for (let directory = directoryOf(first); ; directory = directoryOf(directory)) {
      const link = `${directory}${MODULES}${root.name}`;
      if (sys.directoryExists(link)) return sys.realpath?.(link).replaceAll("\\", "/") === root.directory;
      if (directory === "" || directory === directoryOf(directory)) return false;
    }
  }

  /** Whether a package lies in the repository of the app: below the outermost package.json above the app. */
  private isOfWorkspace({ directory }: PackageRoot): boolean {
    const [first = ""] = this.program.getRootFileNames();
    let outermost: PackageRoot | null = null;
    for (let root = this.rootOf(directoryOf(first)); root !== null;) {
      outermost = root;
      const above = directoryOf(root.directory);
      root = above === root.directory ? null : this.rootOf(above);
    }
    return outermost !== null && `${directory}/`.startsWith(`${outermost.directory}/`);
  }

  /** A declaration file of the app's own package is the app's (`_generated`, hand-written ones). */
  private isRootPackage(root: PackageRoot): boolean {
    const [first] = this.program.getRootFileNames();
    return first === undefined || this.rootOf(directoryOf(first))?.directory === root.directory;
  }

  private rootOf(directory: string): PackageRoot | null {
    const cached = this.roots.get(directory);
    if (cached !== undefined) return cached;
    const parent = directoryOf(directory);
    const own = this.readName(`${directory}/package.json`);
    const root = own !== null ? { name: own, directory } : parent === directory ? null : this.rootOf(parent);
    this.roots.set(directory, root);
    return root;
  }

  private readName(path: string): string | null {
    const text = this.typescript.sys.readFile(path);
    if (text === undefined) return null;
    // Packages put nameless package.json files beside their builds; those do not start a package.
    return /^\s*\{[\s\S]*?"name"\s*:\s*"([^"]+)"/.exec(text)?.[1] ?? null;
  }
}

/** The directory of a path with forward slashes; the root is its own parent. */
export function directoryOf(path: string): string {
  const end = path.lastIndexOf("/");
  return end <= 0 ? path.slice(0, Math.max(end, 0)) : path.slice(0, end);
}

/** The folders of packages that a path leads through; those of package managers (`.pnpm/convex@1.27.0`) are none. */
function foldersOf(path: string): { readonly directory: string; readonly name: string }[] {
  const parts = path.split(MODULES);
  return parts.slice(1).flatMap((part, at) => {
    const above = parts.slice(0, at + 1).join(MODULES) + MODULES;
    // `.store/@scope-name-npm-1.27.0-4f8c1b/package` of Yarn
    const [stored, slug] =
      /^\.store\/([^/]+)-(?:npm-\d[^/]*|virtual-[0-9a-f]+)\/package(?=\/)/.exec(part) ?? [];
    if (stored !== undefined && slug !== undefined) return [{ directory: above + stored, name: slug }];
    const name = part.startsWith(".") ? undefined : /^(?:@[^/]+\/)?[^/]+/.exec(part)?.[0];
    return name === undefined ? [] : [{ directory: above + name, name }];
  });
}

/** `@scope/name` of `@types/scope__name`: types beside a package are of its code. No package is trusted for them. */
function describedBy(name: string): string {
  if (!name.startsWith("@types/")) return name;
  const described = name.slice("@types/".length).replace(/^(.+)__/, "@$1/");
  return trustedPackage(described) ? name : described;
}
