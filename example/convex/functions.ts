export { internalMutation, mutation } from "./_generated/server.js";
