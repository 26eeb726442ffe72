import type { JSONSchema } from "@typescript-eslint/utils";
import type { MessageId } from "./messages.js";
import type { Finding, RuleName } from "./model.js";

/** What a rule adds to the engine's findings of its name. */
export interface RuleDefinition {
  readonly name: RuleName;
  readonly description: string;
  readonly messages: readonly MessageId[];
  readonly schema?: JSONSchema.JSONSchema4;
  readonly type?: "problem" | "suggestion";
  readonly fixable?: boolean;
  readonly hasSuggestions?: boolean;
  /** The rule needs no schema and no types. */
  readonly syntactic?: boolean;
  /** The rule also works by syntax when its option `types` is false. */
  readonly typesOption?: boolean;
  /** Whether the search for escaping writers is needed. */
  readonly deep?: (option: Record<string, unknown>) => boolean;
  readonly accepts?: (finding: Finding, option: Record<string, unknown>) => boolean;
}

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
