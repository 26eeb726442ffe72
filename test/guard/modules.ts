import { readFileSync } from "node:fs";
import * as helpers from "convex-helpers";
import * as crud from "convex-helpers/server/crud";
import * as customFunctions from "convex-helpers/server/customFunctions";
import * as migrations from "convex-helpers/server/migrations";
import * as rowLevelSecurity from "convex-helpers/server/rowLevelSecurity";
import * as triggers from "convex-helpers/server/triggers";
import * as server from "convex/server";
import * as values from "convex/values";
import ts from "typescript";
import * as guard from "../../src/guard/index.js";
import * as schema from "../../src/schema/index.js";
import { FIXTURE } from "./programs.js";

type Module = Record<string, unknown>;

/** What the programs may import, besides the modules of their app. */
const PACKAGES: Readonly<Record<string, Module>> = {
  "convex/server": server,
  "convex/values": values,
  "convex-helpers": helpers,
  "convex-helpers/server/crud": crud,
  "convex-helpers/server/customFunctions": customFunctions,
  "convex-helpers/server/migrations": migrations,
  "convex-helpers/server/rowLevelSecurity": rowLevelSecurity,
  "convex-helpers/server/triggers": triggers,
  "convex-streaming-import/guard": guard,
  "convex-streaming-import/schema": schema,
};

/** Thrown for an import that cannot be had here: the program is not run. */
export class NotInstalled extends Error {
  override readonly name = "NotInstalled";
}

/** What a program finds around it: the values that its imports only declare. */
export type Globals = Readonly<Record<string, unknown>>;

/** Loads modules of the fixture app and programs that belong to it, as CommonJS, with fresh state. */
export class AppModules {
  private readonly loaded = new Map<string, Module>();

  /**
   * @param replaced Modules that take the place of others: `untrusted-library`, `./_generated/server.js`.
   * @param globals Values that programs only declare.
   */
  constructor(
    private readonly replaced: Readonly<Record<string, Module>>,
    private readonly globals: Globals,
  ) {}

  /** A module by the name that code of the app imports it by. */
  readonly require = (specifier: string): Module => {
    const given = this.replaced[specifier] ?? PACKAGES[specifier] ?? this.loaded.get(specifier);
    if (given !== undefined) return given;
    if (!specifier.startsWith("./")) throw new NotInstalled(specifier);
    const path = `${FIXTURE}/convex/${specifier.slice(2)}`;
    const source = path.includes("/_generated/") ? path : path.replace(/\.js$/, ".ts");
    const module = this.run(readFileSync(source, "utf8"), source);
    this.loaded.set(specifier, module);
    return module;
  };

  /** Runs a module's text and gives what it exports. */
  run(code: string, fileName: string): Module {
    const exports: Module = {};
    const names = Object.keys(this.globals);
    new Function("exports", "require", ...names, commonJs(code, fileName))(
      exports,
      this.require,
      ...names.map((name) => this.globals[name]),
    );
    return exports;
  }
}

const compiled = new Map<string, string>();

function commonJs(code: string, fileName: string): string {
  const key = `${fileName}\n${code}`;
  let text = compiled.get(key);
  if (text === undefined) {
    text = ts.transpileModule(code, {
      // TypeScript leaves modules alone that call themselves ESM.
      fileName: fileName.replace(/\.m(?=[jt]s$)/, "."),
      compilerOptions: {
        module: ts.ModuleKind.CommonJS,
        target: ts.ScriptTarget.ES2022,
        jsx: ts.JsxEmit.ReactJSX,
      },
    }).outputText;
    compiled.set(key, text);
  }
  return text;
}
