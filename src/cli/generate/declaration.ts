import { convexToJson, type ObjectFieldType, type ValidatorJSON } from "convex/values";
import ts from "typescript";
import { cleanFieldName } from "../../core/rows/names.js";
import { bare, nameOf, resolved } from "../project/syntax.js";
import { ANY } from "./validators.js";

/** A call of `mirrorTable` in a schema, as far as its syntax tells. */
export interface Declaration {
  call: ts.CallExpression;
  /** The object of its fields, to add others to; null when it is not in this file. */
  fieldsObject: ts.ObjectLiteralExpression | null;
  /** The object of its options; null when there is none. */
  optionsObject: ts.ObjectLiteralExpression | null;
  /** The object of its option `columns`; null when there is none. */
  columnsObject: ts.ObjectLiteralExpression | null;
  /** Options can be added: all of them are in this file. */
  isOpen: boolean;
  /** Validators by field; null for one that is written in a way that cannot be read here. */
  fields: ReadonlyMap<string, ObjectFieldType | null>;
  /** All fields are known by name. */
  isComplete: boolean;
  source: string | null;
  /** Dotted paths; null when there is no key, undefined when it cannot be read. */
  primaryKey: readonly string[] | null | undefined;
  columns: Readonly<Record<string, string>>;
  drop: readonly string[];
  /** Fields without a column: the importer fills them in. */
  ownFields: readonly string[];
  /** Its option `fivetran`; null without it. */
  fivetran: FivetranDeclaration | null;
}

/** The option `fivetran` of a declaration. */
export interface FivetranDeclaration {
  /** The option's own object; null when it is not in this file. */
  object: ts.ObjectLiteralExpression | null;
  /** The object of its `columns`; null when there is none. */
  columnsObject: ts.ObjectLiteralExpression | null;
  /** Validators by column, without the `_` that it begins with; null for one that cannot be read here. */
  columns: ReadonlyMap<string, ObjectFieldType | null>;
  /** All columns are known by name. */
  isComplete: boolean;
  id: boolean;
  /** Fivetran's types by column. */
  types: Readonly<Record<string, string>>;
  /** Columns that the source no longer has. */
  retired: readonly string[];
}

/** Reads a call of `mirrorTable`. */
export function readDeclaration(
  source: ts.SourceFile,
  call: ts.CallExpression,
  v: string | null,
): Declaration {
  const reader = new DeclarationReader(source, v);
  const [fields, options] = call.arguments;
  const fieldsObject = fields === undefined ? null : reader.object(fields);
  const optionsObject = options === undefined ? null : reader.object(options);
  const types = new Map<string, ObjectFieldType | null>();
  const isComplete = fieldsObject !== null && reader.collect(fieldsObject, types);
  const option = (name: string) => (optionsObject === null ? null : reader.property(optionsObject, name));
  const [key, columns] = [option("primaryKey"), option("columns")];
  const columnsObject = columns !== null && ts.isObjectLiteralExpression(columns) ? columns : null;
  const fivetran = option("fivetran");
  const isKnown = options === undefined || optionsObject !== null;
  return {
    call,
    fieldsObject,
    optionsObject,
    columnsObject,
    isOpen: isKnown && (columns === null) === (columnsObject === null),
    fields: types,
    isComplete,
    source: reader.text(option("source")),
    primaryKey: !isKnown ? undefined : key === null ? null : reader.paths(key),
    columns: reader.texts(columns),
    drop: reader.list(option("drop")),
    ownFields: ["deletedField", "overflow"].flatMap((name) => reader.text(option(name)) ?? []),
    fivetran: fivetran === null ? null : reader.fivetran(fivetran),
  };
}

/** The source column that feeds a field, under the name that it arrives under. */
export function columnOf({ columns }: Declaration, field: string): string {
  return cleanFieldName(Object.hasOwn(columns, field) ? columns[field]! : field);
}

class DeclarationReader {
  constructor(
    private readonly source: ts.SourceFile,
    private readonly v: string | null,
  ) {}

  object(expression: ts.Expression): ts.ObjectLiteralExpression | null {
    const found = resolved(this.source, expression);
    return ts.isObjectLiteralExpression(found) ? found : null;
  }

  /** The value of a property, of an object that is spread into this one too; null when there is none. */
  property(object: ts.ObjectLiteralExpression, name: string): ts.Expression | null {
    for (const property of [...object.properties].reverse()) {
      if (ts.isSpreadAssignment(property)) {
        const spread = this.object(property.expression);
        const found = spread === null ? null : this.property(spread, name);
        if (found !== null) return found;
      } else if (nameOf(property) === name) {
        if (ts.isPropertyAssignment(property)) return resolved(this.source, property.initializer);
        return ts.isShorthandPropertyAssignment(property) ? resolved(this.source, property.name) : null;
      }
    }
    return null;
  }

  fivetran(option: ts.Expression): FivetranDeclaration {
    const object = this.object(option);
    const part = (name: string) => (object === null ? null : this.property(object, name));
    const declared = part("columns");
    const columnsObject = declared === null ? null : this.object(declared);
    const columns = new Map<string, ObjectFieldType | null>();
    const isKnown = columnsObject === null ? declared === null : this.collect(columnsObject, columns);
    return {
      object,
      columnsObject,
      columns,
      isComplete: object !== null && isKnown,
      id: part("id")?.kind === ts.SyntaxKind.TrueKeyword,
      types: this.texts(part("types")),
      retired: this.list(part("retired")),
    };
  }

  text(expression: ts.Expression | null): string | null {
    return expression !== null && ts.isStringLiteralLike(expression) ? expression.text : null;
  }

  list(expression: ts.Expression | null): string[] {
    if (expression === null || !ts.isArrayLiteralExpression(expression)) return [];
    return expression.elements.flatMap((element) => this.text(bare(element)) ?? []);
  }

  texts(expression: ts.Expression | null): Record<string, string> {
    if (expression === null || !ts.isObjectLiteralExpression(expression)) return {};
    return Object.fromEntries(
      expression.properties.flatMap((property): [string, string][] => {
        const name = nameOf(property);
        const text = ts.isPropertyAssignment(property) ? this.text(bare(property.initializer)) : null;
        return name === null || text === null ? [] : [[name, text]];
      }),
    );
  }

  /** The dotted paths of a key: `["id"]`, `[["address", "id"]]`; undefined when they cannot be read. */
  paths(expression: ts.Expression): string[] | undefined {
    if (!ts.isArrayLiteralExpression(expression)) return undefined;
    const paths = expression.elements.map((element) => {
      const part = bare(element);
      return ts.isArrayLiteralExpression(part) ? this.list(part).join(".") : this.text(part);
    });
    return paths.includes(null) ? undefined : (paths as string[]);
  }

  /** Reads the fields of an object, those that are spread into it too. False when some remain unknown. */
  collect(object: ts.ObjectLiteralExpression, into: Map<string, ObjectFieldType | null>): boolean {
    let isComplete = true;
    for (const property of object.properties) {
      if (ts.isSpreadAssignment(property)) {
        const spread = this.object(property.expression);
        isComplete = spread !== null && this.collect(spread, into) && isComplete;
        continue;
      }
      const name = nameOf(property);
      if (name === null) isComplete = false;
      else if (ts.isPropertyAssignment(property)) into.set(name, this.field(property.initializer));
      else if (ts.isShorthandPropertyAssignment(property)) into.set(name, this.field(property.name));
      else into.set(name, null);
    }
    return isComplete;
  }

  field(expression: ts.Expression): ObjectFieldType | null {
    const call = this.#call(expression);
    if (call?.method !== "optional") {
      const fieldType = this.validator(expression);
      return fieldType === null ? null : { fieldType, optional: false };
    }
    const fieldType = call.args[0] === undefined ? null : this.validator(call.args[0]);
    return fieldType === null ? null : { fieldType, optional: true };
  }

  validator(expression: ts.Expression): ValidatorJSON | null {
    const call = this.#call(expression);
    if (call === null) return null;
    const { method, args } = call;
    switch (method) {
      case "string":
      case "boolean":
      case "bytes":
      case "any":
      case "null":
      case "number":
        return { type: method };
      case "float64":
        return { type: "number" };
      case "int64":
      case "bigint":
        return { type: "bigint" };
      case "id":
        return { type: "id", tableName: args[0] === undefined ? "" : (this.text(bare(args[0])) ?? "") };
      case "literal":
        return args[0] === undefined ? null : literalOf(bare(args[0]));
      case "array": {
        const value = args[0] === undefined ? null : this.validator(args[0]);
        return value === null ? null : { type: "array", value };
      }
      case "union": {
        const members = args.map((arg) => (ts.isSpreadElement(arg) ? null : this.validator(arg)));
        return members.includes(null) ? null : { type: "union", value: members as ValidatorJSON[] };
      }
      case "record": {
        const fieldType = args[1] === undefined ? null : this.validator(args[1]);
        if (fieldType === null) return null;
        return { type: "record", keys: { type: "string" }, values: { fieldType, optional: false } };
      }
      case "object":
        return args[0] === undefined ? null : this.#object(args[0]);
      default:
        return null;
    }
  }

  #object(expression: ts.Expression): ValidatorJSON | null {
    const object = this.object(expression);
    const fields = new Map<string, ObjectFieldType | null>();
    if (object === null || !this.collect(object, fields)) return null;
    // A part that cannot be read may be anything.
    const known = [...fields].map(
      ([name, field]) => [name, field ?? { fieldType: ANY, optional: true }] as const,
    );
    return { type: "object", value: Object.fromEntries(known) };
  }

  /** `v.method(…)`, or null. */
  #call(expression: ts.Expression): { method: string; args: readonly ts.Expression[] } | null {
    const call = resolved(this.source, expression);
    if (!ts.isCallExpression(call) || !ts.isPropertyAccessExpression(call.expression)) return null;
    const { expression: on, name } = call.expression;
    return ts.isIdentifier(on) && on.text === this.v ? { method: name.text, args: call.arguments } : null;
  }
}

function literalOf(expression: ts.Expression): ValidatorJSON | null {
  if (ts.isStringLiteralLike(expression)) return { type: "literal", value: expression.text };
  if (expression.kind === ts.SyntaxKind.TrueKeyword) return { type: "literal", value: true };
  if (expression.kind === ts.SyntaxKind.FalseKeyword) return { type: "literal", value: false };
  const text = expression.getText().replaceAll("_", "");
  if (/^-?\d+n$/.test(text)) return { type: "literal", value: convexToJson(BigInt(text.slice(0, -1))) };
  if (/^-?[\d.]/.test(text) && Number.isFinite(Number(text))) return { type: "literal", value: Number(text) };
  return null;
}
