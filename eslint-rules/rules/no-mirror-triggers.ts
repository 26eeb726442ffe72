import { createRule } from "../createRule.js";

/** Reports triggers on mirrors: they never run for imported rows. */
export default createRule({
  name: "no-mirror-triggers",
  description: "Disallow triggers on mirrors, which imported rows never fire",
  messages: ["trigger"],
});
