import { createRule } from "../createRule.js";
import { TYPES_OPTION } from "./schemas.js";

/** Reports library functions that write mirrors by themselves. */
export default createRule({
  name: "no-mirror-factories",
  description: "Disallow library functions that write mirrors by themselves",
  messages: ["factory", "maybeFactory", "migration", "entsCascade", "entsDeletion", "scheduledDelete"],
  schema: TYPES_OPTION,
  typesOption: true,
});
