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

/**
 * Packages with a summary or a special meaning. They count as packages wherever they lie, so that a linked
 * workspace copy of them is not mistaken for code of the app.
 */
const KNOWN_PACKAGES = new Set(["convex", "convex-helpers", "convex-ents", SELF]);

function isKnown(name: string): boolean {
  return KNOWN_PACKAGES.has(name) || name.startsWith("@convex-dev/");
}

interface PackageRoot {
  readonly name: string;
  readonly directory: string;
}

/** Tells the origin of source files; looks at each directory once. */
export class PackageIndex {
  private readonly origins = new WeakMap<ts.SourceFile, Origin>();
  private readonly roots = new Map<string, PackageRoot | null>();

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

  private classify(file: ts.SourceFile): Origin {
    if (this.program.isSourceFileDefaultLibrary(file)) return { kind: "lib" };
    const name = file.fileName;
    const installed = name.includes("/node_modules/");
    const root = this.rootOf(directoryOf(name));
    if (root === null)
      return installed ? { kind: "package", name: installedName(name), path: "" } : { kind: "project" };
    const path = name.slice(root.directory.length + 1);
    // Only the sources of this package are the package; an example app in its repository is an app.
    if (root.name === SELF) {
      return installed || /^(?:src|dist)\//.test(path) ? { kind: "self", path } : { kind: "project" };
    }
    if (root.name.startsWith("@types/")) return { kind: "lib" };
    if (installed || isKnown(root.name) || (file.isDeclarationFile && !this.isRootPackage(root))) {
      return { kind: "package", name: root.name, path };
    }
    return { kind: "project" };
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
