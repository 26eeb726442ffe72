import { createRule } from "../createRule.js";

/** Reports writes whose table cannot be proved. */
export default createRule({
  name: "require-known-table",
  description: "Require that the table of every write can be told from the code",
  messages: ["unknownTable", "unknownReceiver", "idCast", "dynamicMethod", "nameTable"],
  hasSuggestions: true,
  schema: {
    type: "object",
    properties: {
      onCast: {
        type: "string",
        enum: ["error", "off"],
        description:
          "Whether an id or a name that is only asserted to belong to a table is reported. Default: error.",
      },
    },
    additionalProperties: false,
  },
  accepts: (finding, option) => finding.messageId !== "idCast" || option["onCast"] !== "off",
});
