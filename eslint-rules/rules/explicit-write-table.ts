import { createRule } from "../createRule.js";
import { TYPES_OPTION } from "./schemas.js";

/** Reports writes whose table is known only from a type; the server checks a name, not a type. */
export default createRule({
  name: "explicit-write-table",
  description: "Require the name of the table as a literal first argument of every write",
  messages: ["explicitTable", "explicitTables", "explicitUntyped"],
  type: "suggestion",
  fixable: true,
  schema: TYPES_OPTION,
  typesOption: true,
});
