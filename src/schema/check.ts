import type { GenericValidator } from "convex/values";
import { EVOLVE } from "../core/rows/drift.js";
import { CONTENT_KEY_FIELD, type MirrorContract } from "./contract.js";
import { checkDrift } from "./driftOptions.js";
import { checkFivetran, FIVETRAN_MERGED } from "./fivetran.js";
import { type Fields, headOf, isIdentifier, leafKinds, refuse, validatorsAlong } from "./fields.js";
import { checkExpectEvery, checkShrinkLimit, type MirrorOptions } from "./options.js";
import { checkShape } from "./shapeOptions.js";
import { checkDeletion } from "./softDelete.js";

/** Convex allows 16 fields in an index. */
const MAX_KEY_FIELDS = 16;

const OPTION_NAMES = Object.keys({
  primaryKey: 0,
  source: 0,
  version: 0,
  owner: 0,
  onDelete: 0,
  deletedField: 0,
  drift: 0,
  overflow: 0,
  expectEvery: 0,
  shrinkLimit: 0,
  columns: 0,
  drop: 0,
  hash: 0,
  fivetran: 0,
  where: 0,
  export: 0,
} satisfies Record<keyof MirrorOptions, 0>);

/** Kinds whose values Convex can compare and hold in an index without surprises. */
const SCALAR_KINDS = new Set(["string", "float64", "int64", "boolean", "bytes", "null", "literal", "id"]);
const VERSION_KINDS = new Set(["float64", "int64", "string"]);

/** Refuses fields that Convex cannot store or that the importer needs for itself. */
export function checkFields(fields: Fields): void {
  if (typeof fields !== "object" || "isConvexValidator" in fields) {
    refuse("write the fields as an object of validators: mirrorTable({ id: v.int64() }, { … }).");
  }
  for (const [name, validator] of Object.entries(fields)) {
    if ((validator as GenericValidator | undefined)?.isConvexValidator !== true) {
      refuse(`the field "${name}" needs a validator such as v.string() or v.optional(v.number()).`);
    }
    if (name.startsWith("_") || name.startsWith("$")) {
      const arrivesAs = `source_${name.replace(/^[_$]+/, "").toLowerCase()}`;
      refuse(
        `Convex keeps names that start with "${name[0]!}"; the source column "${name}" arrives as "${arrivesAs}".`,
      );
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
export function checkOptions(fields: Fields, options: MirrorOptions): Omit<MirrorContract, "brand"> {
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
  const primaryKey = options.primaryKey === undefined ? null : checkPrimaryKey(fields, options.primaryKey);
  const deletion = isDeclared(options, "onDelete", "deletedField")
    ? checkDeletion(fields, options)
    : ({ onDelete: "hard", deletedField: null } as const);
  const drift = isDeclared(options, "drift", "overflow")
    ? checkDrift(fields, options)
    : { drift: EVOLVE, overflow: null };
  const own = isDeclared(options, "deletedField", "overflow", "hash")
    ? checkOwnFields({ ...deletion, ...drift, primaryKey, version }, options)
    : [];
  const shape = isDeclared(options, "columns", "drop", "hash", "where")
    ? checkShape(Object.fromEntries(Object.entries(fields).filter(([name]) => !own.includes(name))), options)
    : { columns: {}, drop: [], hash: [], where: null };
  return {
    primaryKey,
    source,
    version,
    owner: options.owner ?? null,
    ...deletion,
    ...drift,
    expectEveryMs: checkExpectEvery(options.expectEvery),
    shrinkLimit: checkShrinkLimit(options.shrinkLimit),
    ...shape,
    fivetran:
      options.fivetran === undefined
        ? null
        : checkFivetran(fields, options.fivetran, { primaryKey, own, ...shape }),
    merged: options.fivetran === undefined ? [] : FIVETRAN_MERGED,
  };
}

/** Whether any of these options is given. What checks the others is not run: every call of a function makes the schema. */
function isDeclared(options: MirrorOptions, ...names: readonly (keyof MirrorOptions)[]): boolean {
  return names.some((name) => options[name] !== undefined);
}

/** Refuses other uses of the fields that the importer fills in itself, and returns their names. */
function checkOwnFields(
  contract: Pick<MirrorContract, "primaryKey" | "version" | "deletedField" | "overflow">,
  { columns, hash }: MirrorOptions,
): string[] {
  const { deletedField, overflow, primaryKey, version } = contract;
  const own = [deletedField, overflow].filter((name) => name !== null);
  // Whether it is a list at all is for checkShape to say.
  const hashed = Array.isArray(hash) ? hash : [];
  const uses: [string, readonly string[]][] = [
    ["primaryKey", primaryKey ?? []],
    ["version", version === null ? [] : [version]],
    ["columns", Object.keys(columns ?? {})],
    ["hash", hashed],
  ];
  for (const [option, paths] of uses) {
    const taken = paths.find((path) => own.includes(headOf(path)));
    if (taken !== undefined) {
      const role = headOf(taken) === deletedField ? "deletedField" : "overflow field";
      refuse(
        `"${option}" names "${taken}", which the importer fills in itself, because it is the ${role}; name another field.`,
      );
    }
  }
  if (version !== null && hashed.includes(headOf(version))) {
    refuse(
      `the version "${version}" cannot be hashed: hashes do not sort. Remove it from hash, or name another version.`,
    );
  }
  return own;
}

function checkPrimaryKey(fields: Fields, parts: readonly (string | readonly string[])[]): string[] {
  // JavaScript callers may pass a bare string, which has a length and indexes too.
  if (typeof parts === "string") refuse('"primaryKey" is a list of fields: primaryKey: ["id"].');
  if (parts.length === 0) {
    refuse(
      '"primaryKey" is empty. Name the fields that identify a row, or leave the option out for an append-only mirror.',
    );
  }
  if (parts.length > MAX_KEY_FIELDS) {
    refuse(`a primary key has at most ${String(MAX_KEY_FIELDS)} fields, as a Convex index does.`);
  }
  const paths = parts.map((part) => (typeof part === "string" ? part : part.join(".")));
  for (const path of paths) {
    if (paths.indexOf(path) !== paths.lastIndexOf(path)) refuse(`the primary key names "${path}" twice.`);
    if (path === "_id" || path === "_creationTime") {
      refuse(
        `"${path}" is Convex's own; a source column of that name arrives as "source_${path.slice(1).toLowerCase()}".`,
      );
    }
    for (const validator of validatorsAlong(fields, path, "primaryKey")) {
      if (validator.isOptional === "optional") {
        refuse(
          `the primary key field "${path}" is optional; a row without it could not be found again. Drop v.optional(…).`,
        );
      }
    }
    const kinds = leafKinds(validatorsAlong(fields, path, "primaryKey").at(-1)!);
    const unfit = kinds.find((kind) => !SCALAR_KINDS.has(kind));
    if (unfit !== undefined) {
      refuse(
        `the primary key field "${path}" is of kind ${unfit}; use a string, number, int64, boolean or bytes field.`,
      );
    }
  }
  return paths;
}

function checkVersion(fields: Fields, path: string): void {
  const kinds = leafKinds(validatorsAlong(fields, path, "version").at(-1)!).filter((kind) => kind !== "null");
  const unfit = kinds.find((kind) => !VERSION_KINDS.has(kind));
  if (unfit !== undefined || new Set(kinds).size !== 1) {
    refuse(
      `the version field "${path}" must be of one kind that sorts: v.number(), v.int64() or v.string().`,
    );
  }
}
