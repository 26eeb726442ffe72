import type { JSONSchema } from "@typescript-eslint/utils";

/** The option of rules that can also work by syntax alone. */
export const TYPES_OPTION: JSONSchema.JSONSchema4 = {
  type: "object",
  properties: {
    types: {
      type: "boolean",
      description: "Whether to use type information; without it the rule is a hint. Default: true.",
    },
  },
  additionalProperties: false,
};
