import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { ESLint } from "eslint";
import ts from "typescript";
import { compilerHost } from "../../compilerHost.js";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/** Of the parser that a project's configuration gets from typescript-eslint. */
const require = createRequire(import.meta.url);
const { clearCaches } = createRequire(require.resolve("typescript-eslint"))("@typescript-eslint/parser") as {
  clearCaches: () => void;
};

/** As `npx convex dev` writes it. */
const TSCONFIG = `{
  /* This TypeScript project config describes the environment that
   * Convex functions run in and is used to typecheck them. */
  "compilerOptions": {
    "allowJs": true,
    "strict": true,
    "moduleResolution": "Bundler",
    "skipLibCheck": true,
    "allowSyntheticDefaultImports": true,
    "target": "ESNext",
    "lib": ["ES2023", "dom"],
    "types": [],
    "forceConsistentCasingInFileNames": true,
    "module": "ESNext",
    "isolatedModules": true,
    "noEmit": true,
  },
  "include": ["./**/*"],
  "exclude": ["./_generated"]
}
`;

export const MANIFEST = {
  name: "shop",
  private: true,
  type: "module",
  scripts: { dev: "convex dev", lint: "eslint ." },
  dependencies: { convex: "^1.43.0", "convex-streaming-import": "^0.1.0" },
};

/** A project of a user, in a directory of its own, with the packages that this repository has. */
export class UserProject {
  readonly directory = mkdtempSync(path.join(os.tmpdir(), "streaming-import-project-"));

  constructor(
    files: Record<string, string | Buffer>,
    readonly functionsDir = "convex",
  ) {
    const modules = path.join(this.directory, "node_modules");
    mkdirSync(modules);
    for (const name of ["convex", "eslint", "typescript-eslint", "@convex-dev", "typescript"])
      symlinkSync(path.join(ROOT, "node_modules", name), path.join(modules, name), "junction");
    symlinkSync(ROOT, path.join(modules, "convex-streaming-import"), "junction");
    for (const [file, text] of Object.entries({
      "package.json": `${JSON.stringify(MANIFEST, null, 2)}\n`,
      ...files,
    }))
      this.write(file, text);
  }

  /** A project as `npm create convex` leaves it: TypeScript, no functions yet. */
  static fresh(files: Record<string, string | Buffer> = {}, functionsDir = "convex"): UserProject {
    return new UserProject({ [`${functionsDir}/tsconfig.json`]: TSCONFIG, ...files }, functionsDir);
  }

  write(file: string, text: string | Buffer): void {
    const full = this.#own(file);
    if (lstatSync(full, { throwIfNoEntry: false })?.isSymbolicLink() === true)
      throw new Error(`${file} is a link out of the project. Remove it first.`);
    mkdirSync(path.dirname(full), { recursive: true });
    writeFileSync(full, text);
  }

  read(file: string): string {
    return readFileSync(path.join(this.directory, file), "utf8");
  }

  has(file: string): boolean {
    return existsSync(path.join(this.directory, file));
  }

  remove(file: string): void {
    rmSync(this.#own(file), { recursive: true });
  }

  /**
   * The path of a file of this project.
   * @throws where a link leads out of it: its packages are this repository's
   */
  #own(file: string): string {
    const full = path.join(this.directory, file);
    let folder = path.dirname(full);
    while (!existsSync(folder)) folder = path.dirname(folder);
    const inside = path.relative(realpathSync(this.directory), realpathSync(folder));
    if (inside.startsWith("..") || path.isAbsolute(inside))
      throw new Error(
        `${file} is not of the project: a link leads to ${realpathSync(folder)}. Remove the link first.`,
      );
    return full;
  }

  /** Every file but those of packages, with its text. */
  files(): Record<string, string> {
    const all = readdirSync(this.directory, { recursive: true, withFileTypes: true });
    return Object.fromEntries(
      all
        .filter((entry) => entry.isFile() && !entry.parentPath.includes("node_modules"))
        .map((entry) => path.relative(this.directory, path.join(entry.parentPath, entry.name)))
        .map((file) => [file, this.read(file)]),
    );
  }

  close(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Writes what `npx convex codegen` would; returns what the compiler has to say of the functions. */
  compile(component = "streamingImport"): string[] {
    const functions = path.join(this.directory, this.functionsDir);
    const generated = path.join(functions, "_generated");
    cpSync(path.join(ROOT, "example/convex/_generated"), generated, { recursive: true });
    writeFileSync(path.join(generated, "api.d.ts"), this.#api(functions, component));
    if (!existsSync(path.join(functions, "tsconfig.json")))
      writeFileSync(path.join(functions, "tsconfig.json"), TSCONFIG);
    const { config } = ts.readConfigFile(path.join(functions, "tsconfig.json"), ts.sys.readFile);
    const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, functions);
    return ts
      .getPreEmitDiagnostics(ts.createProgram(fileNames, options, compilerHost(options)))
      .map(
        ({ file, messageText }) =>
          `${path.basename(file?.fileName ?? "")}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`,
      );
  }

  /** The names of the rules that ESLint finds broken, by file. */
  async lint(): Promise<Record<string, string[]>> {
    // The parser remembers projects; this one has changed since it was linted, or another one is gone.
    clearCaches();
    const results = await new ESLint({ cwd: this.directory }).lintFiles([this.functionsDir]);
    return Object.fromEntries(
      results
        .filter(({ messages }) => messages.length > 0)
        .map(({ filePath, messages }) => [
          path.relative(this.directory, filePath),
          messages.map(({ ruleId, message }) => ruleId ?? message),
        ]),
    );
  }

  #api(functions: string, component: string): string {
    const modules = readdirSync(functions)
      .filter((file) => /^[^.]+\.[jt]s$/.test(file) && !file.startsWith("schema."))
      .map((file) => file.replace(/\.\w+$/, ""));
    const component_ = `import("convex-streaming-import/_generated/component.js").ComponentApi<"${component}">`;
    return `${modules.map((name) => `import type * as ${name} from "../${name}.js";`).join("\n")}
import type { ApiFromModules, FilterApi, FunctionReference } from "convex/server";
declare const fullApi: ApiFromModules<{ ${modules.map((name) => `${name}: typeof ${name};`).join(" ")} }>;
export declare const api: FilterApi<typeof fullApi, FunctionReference<any, "public">>;
export declare const internal: FilterApi<typeof fullApi, FunctionReference<any, "internal">>;
export declare const components: { ${component}: ${component_}; resend: any };
`;
  }
}
