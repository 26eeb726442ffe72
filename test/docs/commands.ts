/// <reference types="vite/client" />
/** Whether the commands on the pages exist, with their options and arguments. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { CommanderError, type Command as Node } from "commander";
import { componentsGeneric } from "convex/server";
import type { ComponentApi } from "../../convex/_generated/component.js";
import { createProgram } from "../../src/cli/program.js";
import { StreamingImport } from "../../src/client/index.js";
import appSchema from "../app/schema.js";
import { ROOT } from "./pages.js";
import type { Command } from "./shell.js";
import { processIo } from "../../src/cli/terminal/io.js";

/** What is wrong with a command, or null. */
export type Problem = string | null;

/** What a command is looked up with. */
export interface Context {
  /** The functions of the page's own blocks, as "module:function". */
  functions: ReadonlySet<string>;
  /** In a sentence a command may leave out what the sentence is not about. */
  mention: boolean;
}

/** Programs of other people, whose command lines are theirs to check. */
const FOREIGN = new Set([
  "cat",
  "cd",
  "docker",
  "echo",
  "export",
  "git",
  "gzip",
  "openssl",
  "psql",
  "pg_dump",
]);

/** What stands for something of the reader's: an Airbyte source connector, a function. */
const PLACEHOLDERS = new Set(["source", "imports:<name>", "module:function"]);

const manifest = JSON.parse(readFileSync(`${ROOT}/package.json`, "utf8")) as {
  name: string;
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
};

export function check([program = "", ...args]: Command, context: Context): Problem {
  switch (program) {
    case "npm":
      return checkNpm(args);
    case "npx":
      return checkNpx(args, context);
    case "streaming-import":
      return checkOwn(args, context);
    case "bash":
    case "node":
      return checkFile(args[0]);
    default:
      if (FOREIGN.has(program) || PLACEHOLDERS.has(program)) return null;
      return `nothing is known of the program "${program}"`;
  }
}

function checkFile(file = ""): Problem {
  return existsSync(path.join(ROOT, file)) ? null : `there is no file ${file}`;
}

function checkNpm([command = "", ...args]: string[]): Problem {
  if (command === "test") return null;
  if (command === "run")
    return args[0] !== undefined && args[0] in manifest.scripts ? null : `no npm script "${args[0] ?? ""}"`;
  if (command === "install" || command === "i" || command === "ci") {
    const known = { ...manifest.dependencies, ...manifest.devDependencies, [manifest.name]: "" };
    const unknown = args.find((arg) => !arg.startsWith("-") && !(arg in known));
    return unknown === undefined ? null : `"${unknown}" is no package that this repository is tested with`;
  }
  if (command === "create") return null;
  return `nothing is known of "npm ${command}"`;
}

function checkNpx([tool = "", ...args]: string[], context: Context): Problem {
  // npx runs the only command of a package by the package's name, too.
  if (tool === "streaming-import" || tool === manifest.name) return checkOwn(args, context);
  if (tool === "convex") return checkConvex(args, context);
  if (!existsSync(`${ROOT}/node_modules/.bin/${tool}`)) return `"${tool}" is no tool of this repository`;
  return tool === "tsx" ? checkFile(args[0]) : null;
}

/** Parses a command line as the command itself does, and does nothing then. */
function checkOwn(args: string[], { mention }: Context): Problem {
  if (mention && args[0] === "…") return null;
  const program = createProgram(processIo());
  disarm(program, mention);
  try {
    program.parse(args, { from: "user" });
    return null;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    const isUnfinished = error.code === "commander.help";
    return error.exitCode === 0 || (isUnfinished && mention) ? null : `${error.code}: ${error.message}`;
  }
}

function disarm(command: Node, mention: boolean): void {
  command.exitOverride().configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
  if (command.commands.length === 0) command.action(() => undefined);
  if (mention) {
    for (const option of command.options) option.mandatory = false;
    for (const argument of command.registeredArguments) argument.required = false;
  }
  for (const child of command.commands) disarm(child, mention);
}

const helpOfConvex = new Map<string, string>();

/** What the Convex CLI says of a command of its own, or of itself. */
function convexHelp(command: string): string {
  const known = helpOfConvex.get(command);
  if (known !== undefined) return known;
  const cli = `${ROOT}/node_modules/convex/bin/main.js`;
  const args = [cli, ...(command === "" ? [] : command.split(" ")), "--help"];
  const text = execFileSync(process.execPath, args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  helpOfConvex.set(command, text);
  return text;
}

/** Options with a value that the Convex CLI takes and does not list. */
const UNLISTED = ["--url", "--admin-key"];

function checkConvex([command = "", ...args]: string[], context: Context): Problem {
  if (!new RegExp(`^  ${command}\\b`, "m").test(convexHelp(""))) return `no command "convex ${command}"`;
  const help = convexHelp(command);
  const words: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const word = args[i]!;
    if (!word.startsWith("-")) words.push(word);
    else if (UNLISTED.includes(word) || help.includes(`${word} <`)) i += 1;
    else if (!help.includes(word)) return `"convex ${command}" has no option ${word}`;
  }
  return command === "run" ? checkCall(words, context, args.includes("--component")) : null;
}

/** A validator in Convex's JSON. */
type Validator =
  | { type: "object"; value: Record<string, { fieldType: Validator; optional: boolean }> }
  | { type: "union"; value: Validator[] }
  | { type: "array"; value: Validator }
  | { type: "literal"; value: unknown }
  | { type: "string" | "boolean" | "number" | "null" | "any" | "id" | "bigint" | "bytes" | "record" };

const importer = new StreamingImport(
  (componentsGeneric() as unknown as { streamingImport: ComponentApi }).streamingImport,
  appSchema,
).internalFunctions() as unknown as Record<string, { exportArgs: () => string }>;

const COMPONENT_MODULES = import.meta.glob<Record<string, { exportArgs?: () => string }>>(
  ["../../convex/**/*.ts", "!../../convex/**/*.{test,config}.ts", "!../../convex/_generated/**"],
  { eager: true },
);

/** A function of the component, as `npx convex run --component streamingImport` names it: `registry:list`. */
function ofComponent(name: string): { exportArgs: () => string } | undefined {
  const [module = "", fn = ""] = name.split(":");
  const found = COMPONENT_MODULES[`../../convex/${module}.ts`]?.[fn];
  return found?.exportArgs === undefined ? undefined : (found as { exportArgs: () => string });
}

/** `convex run module:function '{"json": true}'`, against what the importer exports and what the page defines. */
function checkCall(
  [name = "", json]: string[],
  { functions, mention }: Context,
  inComponent: boolean,
): Problem {
  if (PLACEHOLDERS.has(name) || (mention && name === "")) return null;
  const ours = name.startsWith("imports:") ? importer[name.slice("imports:".length)] : undefined;
  const given = inComponent ? ofComponent(name) : ours;
  if (given === undefined) return functions.has(name) ? null : `there is no function ${name}`;
  if (mention && json === undefined) return null;
  const validator = JSON.parse(given.exportArgs()) as Validator;
  const value: unknown = json === undefined ? {} : JSON.parse(json);
  return mismatch(value, validator, name);
}

function mismatch(value: unknown, validator: Validator, at: string): Problem {
  const fails = (isRight: boolean) => (isRight ? null : `${at} takes a ${validator.type}`);
  switch (validator.type) {
    case "object": {
      if (typeof value !== "object" || value === null) return fails(false);
      const unknown = Object.keys(value).find((key) => !(key in validator.value));
      if (unknown !== undefined) return `${at} takes no "${unknown}"`;
      for (const [key, { fieldType, optional }] of Object.entries(validator.value)) {
        const field = (value as Record<string, unknown>)[key];
        if (field === undefined && !optional) return `${at}: "${key}" is missing`;
        const problem = field === undefined ? null : mismatch(field, fieldType, `${at}.${key}`);
        if (problem !== null) return problem;
      }
      return null;
    }
    case "array":
      if (!Array.isArray(value)) return fails(false);
      return value.map((one) => mismatch(one, validator.value, at)).find((one) => one !== null) ?? null;
    case "union":
      return fails(validator.value.some((one) => mismatch(value, one, at) === null));
    case "literal":
      return fails(value === validator.value);
    case "string":
    case "boolean":
    case "number":
      return fails(typeof value === validator.type);
    default:
      return null;
  }
}
