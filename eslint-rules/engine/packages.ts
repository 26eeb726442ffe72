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

/** The name of this package: its own code is recognised by the package.json above it. */
const SELF = "convex-streaming-import";

/** Where this package itself lies: two directories above this file, or three in its build. */
const OWN_DIRECTORY = fileURLToPath(new URL("../..", import.meta.url))
  .replaceAll("\\", "/")
  .replace(/(?:\/dist)?\/$/, "");

/** The package of `from "convex/server"`, `import("convex/server")`, `require("convex")` and `<reference types="convex" />`. */
const NAMED_PACKAGES =
  /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*|\btypes\s*=\s*)["']((?:@[^/"'\s]+\/)?[^./"'\s][^/"'\s]*)/g;

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
      for (const [, name] of file.text.matchAll(NAMED_PACKAGES)) names.add(name!);
      // A type that a package wrote by itself may still be that of a mutation.
      if (file.text.includes("isMutation")) names.add("convex");
    }
    return mentioned;
  }

  /** Whether a file is a library's is decided by where it is installed; a name proves nothing. */
  private classify(file: ts.SourceFile): Origin {
    if (this.program.isSourceFileDefaultLibrary(file)) return { kind: "lib" };
    const name = file.fileName;
    const root = this.rootOf(directoryOf(name));
    const installed = name.includes("/node_modules/") || (root !== null && this.isLinked(root));
    if (root === null)
      return installed ? { kind: "package", name: installedName(name), path: "" } : { kind: "project" };
    const path = name.slice(root.directory.length + 1);
    // Only the sources of this package are the package; an example app in its repository is an app.
    if (root.name === SELF && (installed || root.directory === OWN_DIRECTORY)) {
      return installed || /^(?:src|dist)\//.test(path) ? { kind: "self", path } : { kind: "project" };
    }
    if (installed && root.name.startsWith("@types/")) return { kind: "lib" };
    if (installed || (file.isDeclarationFile && !this.isRootPackage(root))) {
      return { kind: "package", name: root.name, path };
    }
    return { kind: "project" };
  }

  /** Sources of Convex or of this package that the app has installed by a link: the guard must know their types. */
  private isLinked(root: PackageRoot): boolean {
    if (
      (root.name !== "convex" && root.name !== SELF) ||
      root.directory === OWN_DIRECTORY ||
      this.isRootPackage(root)
    )
      return false;
    const [first = ""] = this.program.getRootFileNames();
    const { sys } = this.typescript;
    for (let directory = directoryOf(first); ; directory = directoryOf(directory)) {
      const link = `${directory}/node_modules/${root.name}`;
      if (sys.directoryExists(link)) return sys.realpath?.(link).replaceAll("\\", "/") === root.directory;
      if (directory === "" || directory === directoryOf(directory)) return false;
    }
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

function installedName(path: string): string {
  const rest = path.slice(path.lastIndexOf("/node_modules/") + "/node_modules/".length).split("/");
  return rest[0]?.startsWith("@") === true ? `${rest[0]}/${rest[1] ?? ""}` : (rest[0] ?? path);
}
