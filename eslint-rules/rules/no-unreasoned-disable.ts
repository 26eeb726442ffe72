import { passesCheck } from "../engine/presets.js";
import { createRule } from "../createRule.js";

/** Reports comments that turn the guard off without a reason, and exemptions that do not hold. */
export default createRule({
  name: "no-unreasoned-disable",
  description:
    "Require a reason where a comment turns the guard off, and a day until which an exemption holds",
  messages: [
    "unreasonedDisable",
    "suppressedTypes",
    "incompleteExemption",
    "expiredExemption",
    "unusedExemption",
  ],
  type: "suggestion",
  schema: {
    type: "object",
    properties: {
      check: {
        type: "string",
        enum: ["comments", "all"],
        description:
          "Only comments without a reason and invalid exemptions, or also hidden type errors and unused exemptions. Default: all.",
      },
    },
    additionalProperties: false,
  },
  syntactic: true,
  deep: (option) => option["check"] !== "comments",
  accepts: (finding, option) => passesCheck(finding, option["check"]),
});
