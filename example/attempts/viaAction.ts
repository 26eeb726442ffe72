import { api } from "./_generated/api";
import { action } from "./_generated/server";

export const arriveOnTime = action({
  args: {},
  handler: async (ctx) => {
    await ctx.runMutation(api.attempts.untyped, {});
  },
});
