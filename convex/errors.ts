import { ConvexError } from "convex/values";

/** What the component throws when a caller can do something about it: a stable code and a sentence. */
export type LedgerErrorData = { code: "UnknownMirror" | "StaleRun" | "NotDeclared" | "TokenNameTaken"; message: string };

export function ledgerError(code: LedgerErrorData["code"], message: string): ConvexError<LedgerErrorData> {
  return new ConvexError({ code, message });
}
