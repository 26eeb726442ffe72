import { readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { SchemaDefinition } from "convex/server";
import { build } from "esbuild";
import { beforeAll, expect, test } from "vitest";
import { AppMirrors } from "../../src/client/mirrors.js";
import { cleanFields } from "../../src/core/rows/identifiers.js";
import { parseJson } from "../../src/core/rows/json.js";
import { prepareRow } from "../../src/core/rows/row.js";
import { isObject, type Json, type JsonObject } from "../../src/core/rows/values.js";
import { run } from "../cli/support/command.js";
import { PythonEnvironment } from "./python.js";
import { start } from "./support.js";

/** The schemas of real API sources through `generate`, and random rows that conform to them: none waits. */

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SOURCES = [
  "airbyte-source-jira==4.0.0",
  "airbyte-source-slack==3.0.0",
  "airbyte-source-hubspot==5.7.0",
  "airbyte-source-stripe==5.14.1",
  "airbyte-source-zendesk-support==4.9.1",
];
const ROWS = 20;

let packages: string;

beforeAll(async () => {
  const python = await PythonEnvironment.of("--no-deps", ...SOURCES);
  const script = 'import sysconfig; print(sysconfig.get_paths()["purelib"])';
  packages = (await start(python.program("python"), ["-c", script])).out.trim();
});

test.each(SOURCES)("%s", async (source) => {
  const folder = `source_${source.split("==")[0]!.slice("airbyte-source-".length).replaceAll("-", "_")}`;
  const schemas = new Schemas(path.join(packages, folder, "schemas"));
  const streams = schemas.names.map((name) => ({ name, json_schema: schemas.read(name) }));
  expect(streams.length).toBeGreaterThan(4);
  const mirrors = await generated(streams);

  const random = randomOf(20_261_126);
  let rows = 0;
  for (const { name, json_schema } of streams) {
    const mirror = mirrors.all.find((each) => (each.contract.source ?? each.name) === name);
    if (mirror === undefined) continue;
    for (let i = 0; i < ROWS; i++) {
      const row = object(json_schema as JsonObject, random, 0);
      const prepared = prepareRow(mirror.compiled, { op: "upsert", row: cleanFields(row) });
      expect("problem" in prepared ? { name, ...prepared.problem } : null).toBeNull();
      rows++;
    }
  }
  expect(rows).toBeGreaterThan(4 * ROWS);
});

/** The mirrors that `generate` declares for streams. */
async function generated(streams: readonly unknown[]): Promise<AppMirrors> {
  const directory = await mkdtemp(path.join(os.tmpdir(), "streaming-import-"));
  try {
    await mkdir(path.join(directory, "node_modules"));
    for (const [name, target] of [
      ["convex", path.join(ROOT, "node_modules/convex")],
      ["convex-streaming-import", ROOT],
    ] as const)
      await symlink(target, path.join(directory, "node_modules", name), "junction");
    await writeFile(path.join(directory, "package.json"), '{"type":"module","dependencies":{"convex":"*"}}');
    await writeFile(path.join(directory, "catalog.json"), JSON.stringify({ streams }));
    const { code, err } = await run(["generate", "--airbyte", "catalog.json", "--yes"], { cwd: directory });
    expect({ code, err }).toMatchObject({ code: 0 });
    const { outputFiles } = await build({
      entryPoints: [path.join(directory, "convex/schema.ts")],
      bundle: true,
      write: false,
      format: "esm",
      platform: "node",
    });
    const url = `data:text/javascript;base64,${Buffer.from(outputFiles[0]!.contents).toString("base64")}`;
    const module = (await import(/* @vite-ignore */ url)) as { default: SchemaDefinition<never, never> };
    return new AppMirrors(module.default as never, "0123456789abcdef");
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The schemas of a package, with the parts that they share. */
class Schemas {
  readonly names: readonly string[];

  constructor(private readonly folder: string) {
    this.names = readdirSync(folder).flatMap((file) =>
      file.endsWith(".json") && file !== "openapi_spec.json" ? file.slice(0, -".json".length) : [],
    );
  }

  read(name: string): Json {
    return this.#resolved(this.#file(`${name}.json`), 0);
  }

  #file(name: string): Json {
    return JSON.parse(readFileSync(path.join(this.folder, name), "utf8")) as Json;
  }

  #resolved(json: Json, depth: number): Json {
    if (Array.isArray(json)) return json.map((each) => this.#resolved(each, depth));
    if (!isObject(json)) return json;
    const reference = json.$ref;
    if (typeof reference === "string") {
      // What is defined elsewhere, or within itself, says nothing here.
      if (!reference.endsWith(".json") || depth > 8) return {};
      return this.#resolved(this.#file(path.join("shared", reference)), depth + 1);
    }
    return Object.fromEntries(
      Object.entries(json).map(([name, part]) => [name, this.#resolved(part, depth)]),
    );
  }
}

type Random = (below: number) => number;

/** Numbers that are the same in every run. */
function randomOf(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const pick = <T>(values: readonly T[], random: Random): T => values[random(values.length)]!;

/** A value that a JSON schema admits; large, absent and additional ones among them. */
function conforming(schema: Json, random: Random, depth: number): Json {
  if (!isObject(schema)) return pick<Json>([null, 1, "any", { any: [1.5] }], random);
  if (Array.isArray(schema.enum)) return pick(schema.enum, random);
  const alternatives = schema.oneOf ?? schema.anyOf;
  if (Array.isArray(alternatives) && alternatives.length > 0)
    return conforming(pick(alternatives, random), random, depth);
  const types = [schema.type ?? (isObject(schema.properties) ? "object" : "string")].flat();
  switch (pick(types, random)) {
    case "null":
      return null;
    case "boolean":
      return random(2) === 0;
    case "integer":
      return pick<Json>([0, -1, random(1e9), Date.now(), parseJson("1790000000000000001")], random);
    case "number":
      return pick<Json>([0, 0.1, random(1e9) / 7, parseJson("12.50")], random);
    case "array":
      return Array.from({ length: random(3) }, () => conforming(schema.items ?? null, random, depth + 1));
    case "object":
      return object(schema, random, depth);
    default:
      return pick(["", "text", "2026-01-01T00:00:00Z", "ä€😀"], random);
  }
}

function object(schema: JsonObject, random: Random, depth: number): JsonObject {
  const required = Array.isArray(schema.required) ? schema.required : [];
  const made: JsonObject = {};
  for (const [name, part] of Object.entries(isObject(schema.properties) ? schema.properties : {})) {
    if (required.includes(name) || (random(3) > 0 && depth < 6))
      made[name] = conforming(part, random, depth + 1);
  }
  if (schema.additionalProperties !== false && random(4) === 0) made.additional = "text";
  return made;
}
