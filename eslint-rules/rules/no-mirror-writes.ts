import { createRule } from "../createRule.js";
import { TYPES_OPTION } from "./schemas.js";

/** Reports writes to mirrors, certain ones and possible ones. */
export default createRule({
  name: "no-mirror-writes",
  description: "Disallow writing tables that mirror another database",
  messages: ["mirrorWrite", "maybeMirrorWrite", "importerFunction", "syntaxWrite"],
  schema: TYPES_OPTION,
  typesOption: true,
});
