import { createRule } from "../createRule.js";

/** Checks the schema: mirrors that are not seen as mirrors, and options that switch protection off. */
export default createRule({
  name: "mirror-schema",
  description: "Enforce that the schema declares mirrors so that they are protected",
  messages: ["brandLost", "looseTableNames", "validationOff", "idInMirror", "undeclaredMirror"],
});
