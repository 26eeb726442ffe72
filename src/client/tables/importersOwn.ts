import type { DefaultFunctionArgs, RegisteredMutation } from "convex/server";
import type { IMPORTERS_OWN } from "../../core/brand.js";

/** An argument that nobody can give, so that no call of the function compiles. (Arguments cannot be an interface.) */
export type ImportersOwn = Readonly<Record<typeof IMPORTERS_OWN, never>>;

/** Marks a function of the app that writes mirrors. The component calls it by its handle, and gives no such argument. */
export function importersOwn<Args extends DefaultFunctionArgs, Returns>(
  registered: RegisteredMutation<"internal", Args, Returns>,
): RegisteredMutation<"internal", Args & ImportersOwn, Returns> {
  return registered;
}
