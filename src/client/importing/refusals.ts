import type { Problem, ProblemCode } from "../../core/rows/problem.js";
import { HttpError, type ErrorCode } from "../../http/errors.js";

/** The codes that the Convex backend gives for the same situation, so that existing alerts keep their meaning. */
const CODES: Record<ProblemCode, ErrorCode> = {
  MissingPrimaryKeyValue: "MissingPrimaryKeyValue",
  MissingField: "SchemaEnforcementError",
  TypeMismatch: "SchemaEnforcementError",
  NumberNotExact: "SchemaEnforcementError",
  NumberOutOfRange: "SchemaEnforcementError",
  InvalidBytes: "SchemaEnforcementError",
  InvalidString: "BadJsonBody",
  InvalidFieldName: "BadJsonBody",
  ValueTooLarge: "ValueTooLargeError",
  ArrayTooLong: "ArrayTooLong",
  TooManyFields: "TooManyFieldsError",
  TooNested: "TooNestedError",
  UnknownField: "SchemaDrift",
  FilterFailed: "SchemaEnforcementError",
};

/** The refusal of a request because of one of its rows. */
export function refusalOf(problem: Problem, mirror: string, position: number, frozen: boolean): HttpError {
  return new HttpError(
    400,
    frozen ? "SchemaDrift" : CODES[problem.code],
    `Record ${String(position + 1)} of this request for "${mirror}" cannot be stored: ${problem.message}`,
  );
}
