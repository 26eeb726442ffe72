import { internalActionGeneric, internalMutationGeneric } from "convex/server";
import { v } from "convex/values";
import type { ComponentApi } from "../../../convex/_generated/component.js";
import type { Declaration } from "../importing/declaration.js";
import type { AppMirrors } from "../mirrors.js";
import { replayQuarantine } from "../importing/replay.js";

/** What an operator does that takes the app's schema. Everything else is a function of the component. */
export function operatorFunctions(
  component: ComponentApi,
  mirrors: AppMirrors,
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
      handler: async (ctx, { mirror, reason }) =>
        await replayQuarantine(ctx, component, mirrors.get(mirror), { budget, reason }),
    }),
  };
}
