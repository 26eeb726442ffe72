import { createRule } from "../createRule.js";

/** Reports builders whose ctx.db is not guarded at run time, where the app has guarded ones. */
export default createRule({
  name: "no-raw-builders",
  description: "Require the guarded mutation builders where the app has them",
  messages: ["rawBuilder", "missingGuardModule"],
  type: "suggestion",
  fixable: true,
});
