import { internalActionGeneric, internalMutationGeneric } from "convex/server";
import { v } from "convex/values";
import type { ComponentApi } from "../../convex/_generated/component.js";
import type { Declaration } from "./importing/declaration.js";
import type { AppMirrors } from "./mirrors.js";

/** What an operator does that takes the app's schema. Everything else is a function of the component. */
export function operatorFunctions(
  component: ComponentApi,
  /** The mirrors with what converts their rows, which is loaded when it is needed. */
  mirrors: () => Promise<AppMirrors>,
  declaration: Declaration,
  budget: { bytesPerSecond: number },
) {
  return {
    /** Updates the registry from the schema. The first request after a deploy does the same. */
    declare: internalMutationGeneric({
      args: {},
      returns: v.null(),
      handler: async (ctx) => {
        await declaration.send(ctx, component);
        return null;
      },
    }),

    /** Tries the quarantined changes of a mirror again, all or those of a reason, with the schema as it is deployed now. */
    replayQuarantine: internalActionGeneric({
      args: { mirror: v.string(), reason: v.optional(v.string()) },
      handler: async (ctx, { mirror, reason }) => {
        const { replayQuarantine } = await import("./importing/replay.js");
        return await replayQuarantine(ctx, component, (await mirrors()).get(mirror), { budget, reason });
      },
    }),
  };
}
