import type { GenericValidator } from "convex/values";
import { CONTENT_KEY_FIELD, type MirrorContract } from "./contract.js";
import { isIdentifier } from "./identifier.js";
import type { MirrorOptions } from "./mirrorTable.js";

/** Convex allows 16 fields in an index. */
const MAX_KEY_FIELDS = 16;

const OPTION_NAMES = ["primaryKey", "source", "version", "owner"];

/** Kinds whose values Convex can compare and hold in an index without surprises. */
const SCALAR_KINDS = new Set(["string", "float64", "int64", "boolean", "bytes", "null", "literal", "id"]);
const VERSION_KINDS = new Set(["float64", "int64", "string"]);

function refuse(message: string): never {
  throw new Error(`mirrorTable: ${message}`);
}

/** Refuses fields that Convex cannot store or that the importer needs for itself. */
export function checkFields(fields: Record<string, GenericValidator>): void {
  if (typeof fields !== "object" || "isConvexValidator" in fields) {
    refuse("write the fields as an object of validators: mirrorTable({ id: v.int64() }, { … }).");
  }
  for (const [name, validator] of Object.entries(fields)) {
    if ((validator as GenericValidator | undefined)?.isConvexValidator !== true) {
      refuse(`the field "${name}" needs a validator such as v.string() or v.optional(v.number()).`);
    }
    if (name.startsWith("_") || name.startsWith("$")) {
      const arrivesAs = `source_${name.replace(/^[_$]+/, "").toLowerCase()}`;
      refuse(`Convex keeps names that start with "${name[0]!}"; the source column "${name}" arrives as "${arrivesAs}".`);
    }
    if (!isIdentifier(name)) {
      refuse(
        `a Convex schema cannot declare the field "${name}"; names are letters, digits and "_", and begin with a letter. Leave the column out (its values are then not mirrored), or rename it at the source.`,
      );
    }
    if (name === CONTENT_KEY_FIELD) {
      refuse(`"${name}" is the importer's own field; rename this column at the source.`);
    }
  }
}

/** Refuses options that contradict the fields, and returns them in the form the contract keeps. */
export function checkOptions(
  fields: Record<string, GenericValidator>,
  options: MirrorOptions,
): Omit<MirrorContract, "brand"> {
  for (const name of Object.keys(options)) {
    if (!OPTION_NAMES.includes(name)) {
      refuse(`there is no option "${name}"; the options are ${OPTION_NAMES.join(", ")}.`);
    }
  }
  const source = options.source ?? null;
  if (source !== null && source.trim() === "") {
    refuse('"source" is empty; write it as "namespace.stream" or "stream", or leave it out.');
  }
  const version = options.version ?? null;
  if (version !== null) checkVersion(fields, version);
  return {
    primaryKey: options.primaryKey === undefined ? null : checkPrimaryKey(fields, options.primaryKey),
    source,
    version,
    owner: options.owner ?? null,
  };
}

function checkPrimaryKey(
  fields: Record<string, GenericValidator>,
  parts: readonly (string | readonly string[])[],
): string[] {
  // JavaScript callers may pass a bare string, which has a length and indexes too.
  if (typeof parts === "string") refuse('"primaryKey" is a list of fields: primaryKey: ["id"].');
  if (parts.length === 0) {
    refuse('"primaryKey" is empty. Name the fields that identify a row, or leave the option out for an append-only mirror.');
  }
  if (parts.length > MAX_KEY_FIELDS) {
    refuse(`a primary key has at most ${String(MAX_KEY_FIELDS)} fields, as a Convex index does.`);
  }
  const paths = parts.map((part) => (typeof part === "string" ? part : part.join(".")));
  for (const path of paths) {
    if (paths.indexOf(path) !== paths.lastIndexOf(path)) refuse(`the primary key names "${path}" twice.`);
    if (path === "_id" || path === "_creationTime") {
      refuse(`"${path}" is Convex's own; a source column of that name arrives as "source_${path.slice(1).toLowerCase()}".`);
    }
    for (const validator of validatorsAlong(fields, path, "primaryKey")) {
      if (validator.isOptional === "optional") {
        refuse(`the primary key field "${path}" is optional; a row without it could not be found again. Drop v.optional(…).`);
      }
    }
    const kinds = leafKinds(validatorsAlong(fields, path, "primaryKey").at(-1)!);
    const unfit = kinds.find((kind) => !SCALAR_KINDS.has(kind));
    if (unfit !== undefined) {
      refuse(`the primary key field "${path}" is of kind ${unfit}; use a string, number, int64, boolean or bytes field.`);
    }
  }
  return paths;
}

function checkVersion(fields: Record<string, GenericValidator>, path: string): void {
  const kinds = leafKinds(validatorsAlong(fields, path, "version").at(-1)!).filter((kind) => kind !== "null");
  const unfit = kinds.find((kind) => !VERSION_KINDS.has(kind));
  if (unfit !== undefined || new Set(kinds).size !== 1) {
    refuse(`the version field "${path}" must be of one kind that sorts: v.number(), v.int64() or v.string().`);
  }
}

/** The validators from the top-level field down to the leaf of a dotted path. */
function validatorsAlong(
  fields: Record<string, GenericValidator>,
  path: string,
  option: string,
): GenericValidator[] {
  const along: GenericValidator[] = [];
  let current: Record<string, GenericValidator> | null = fields;
  for (const name of path.split(".")) {
    if (current === null) refuse(`"${option}" names "${path}", but "${name}" is not inside an object.`);
    const validator: GenericValidator | undefined = Object.hasOwn(current, name) ? current[name] : undefined;
    if (validator === undefined) {
      refuse(`"${option}" names "${path}", but there is no field "${name}"; the fields are ${Object.keys(current).join(", ")}.`);
    }
    along.push(validator);
    current = validator.kind === "object" ? (validator.fields as Record<string, GenericValidator>) : null;
  }
  return along;
}

function leafKinds(validator: GenericValidator): string[] {
  return validator.kind === "union" ? validator.members.flatMap(leafKinds) : [validator.kind];
}
