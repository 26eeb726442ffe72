// @vitest-environment node
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { contextFor } from "./engine/context.js";
import { memberOf, WRITE_METHODS } from "./engine/members.js";
import { DEFAULT_OPTIONS } from "./engine/options.js";

const ROOT = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");

/** Where this package may hold a database writer of the app: the importer's functions, and the guard that wraps one. */
const IMPORTER = /^src\/(?:client|guard)\//;

describe("this package", () => {
  it("writes app tables only in the importer's own code", () => {
    const config = ts.getParsedCommandLineOfConfigFile(
      `${ROOT}/tsconfig.json`,
      {},
      {
        ...ts.sys,
        onUnRecoverableConfigFileDiagnostic: () => undefined,
      },
    );
    const sources = (config?.fileNames ?? []).filter(
      (file) =>
        file.startsWith(`${ROOT}/src/`) && !/\.test(?:-d)?\.tsx?$|\/testing\/|\/src\/test\.ts$/.test(file),
    );
    const program = ts.createProgram(sources, { ...config?.options, noEmit: true });
    const cx = contextFor(ts, program, DEFAULT_OPTIONS);
    const places: string[] = [];
    for (const path of sources) {
      const file = program.getSourceFile(path);
      if (file === undefined) continue;
      const visit = (node: ts.Node): void => {
        if (ts.isPropertyAccessExpression(node) && WRITE_METHODS.has(node.name.text)) {
          const { kind } = memberOf(cx, cx.checker.getTypeAtLocation(node.expression), node.name.text);
          if (kind === "writer" || kind === "tableWriter" || kind === "ents")
            places.push(path.slice(ROOT.length + 1));
        }
        ts.forEachChild(node, visit);
      };
      visit(file);
    }
    expect([...new Set(places)].filter((path) => !IMPORTER.test(path))).toEqual([]);
  });
});
