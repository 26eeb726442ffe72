import type { DefaultFunctionArgs, RegisteredMutation } from "convex/server";

/** What the compiler says of a call of a function that only the component may call. The linter knows it by this too. */
export const IMPORTERS_OWN = "Only the importer calls this function: it writes mirrors.";

/** An argument that nobody can give, so that no call of the function compiles. (Arguments cannot be an interface.) */
export type ImportersOwn = Readonly<Record<typeof IMPORTERS_OWN, never>>;

/** Marks a function of the app that writes mirrors. The component calls it by its handle, and gives no such argument. */
export function importersOwn<Args extends DefaultFunctionArgs, Returns>(
  registered: RegisteredMutation<"internal", Args, Returns>,
): RegisteredMutation<"internal", Args & ImportersOwn, Returns> {
  return registered;
}
