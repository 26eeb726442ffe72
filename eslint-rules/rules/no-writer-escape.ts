import { passesCheck } from "../engine/presets.js";
import { createRule } from "../createRule.js";

/** Reports places where the database writer leaves the type checker. */
export default createRule({
  name: "no-writer-escape",
  description: "Disallow losing the database writer from the type checker's sight",
  messages: [
    "detached",
    "escape",
    "untypedCall",
    "untrustedPackage",
    "structuralWriter",
    "weakReceiver",
    "anyMethod",
    "anyCall",
    "anyParameter",
  ],
  schema: {
    type: "object",
    properties: {
      check: {
        type: "string",
        enum: ["detached", "all"],
        description: "Only methods taken off the writer, or every way out. Default: all.",
      },
    },
    additionalProperties: false,
  },
  deep: (option) => option["check"] !== "detached",
  accepts: (finding, option) => passesCheck(finding, option["check"]),
});
