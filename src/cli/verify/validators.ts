import { jsonToConvex, v, type GenericValidator, type JSONValue } from "convex/values";
import type { FieldJson, ValidatorJson } from "../../core/wire/v1.js";

type AnyValidator = ReturnType<typeof v.any>;

/** The validator of rows that `GET /v1/mirrors` describes, as `schema.ts` declares it. */
export function validatorOfFields(fields: Record<string, FieldJson>): GenericValidator {
  return v.object(fieldsOf(fields));
}

function fieldsOf(fields: Record<string, FieldJson>): Record<string, AnyValidator> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, { fieldType, optional }]) => {
      const validator = validatorOf(fieldType);
      // `optional` changes the type of a validator, not its kind; rows are read by the kind.
      return [name, optional ? (v.optional(validator) as unknown as AnyValidator) : validator];
    }),
  );
}

function validatorOf(json: ValidatorJson): AnyValidator {
  return build(json) as AnyValidator;
}

/** @throws Error for a kind that this version does not know */
function build(json: ValidatorJson): unknown {
  switch (json.type) {
    case "null":
      return v.null();
    case "number":
      return v.number();
    case "bigint":
      return v.int64();
    case "boolean":
      return v.boolean();
    case "string":
      return v.string();
    case "bytes":
      return v.bytes();
    case "any":
      return v.any();
    case "id":
      return v.id(json.tableName ?? "");
    case "literal":
      return v.literal(jsonToConvex(json.value as JSONValue) as string);
    case "array":
      return v.array(validatorOf(json.value as ValidatorJson));
    case "object":
      return v.object(fieldsOf(json.value as Record<string, FieldJson>));
    case "union":
      return v.union(...(json.value as ValidatorJson[]).map(validatorOf));
    case "record":
      return v.record(
        build(json.keys as ValidatorJson) as ReturnType<typeof v.string>,
        validatorOf((json.values as FieldJson).fieldType),
      );
    default:
      throw new Error(
        `The mirror has a field of the kind "${json.type}", which this version does not know. Update the package.`,
      );
  }
}
