import { createRule } from "../createRule.js";

/** Reports what passes below ctx.db: system calls, the inside of the convex package, import endpoints, code from strings. */
export default createRule({
  name: "no-raw-syscalls",
  description: "Disallow reaching the database below ctx.db",
  messages: ["syscall", "syscallName", "deepImport", "importUrl", "dynamicCode"],
  syntactic: true,
});
