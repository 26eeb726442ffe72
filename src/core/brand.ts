/** What marks things of this package so that the guard knows them by their type. */

/** Marks a table definition as a mirror. A string, not a symbol: it survives two copies of this package. */
export const MIRROR_BRAND = "convex-streaming-import/mirror";

/** Marks a table definition as exported: its rows leave the deployment through the export routes. */
export const EXPORT_BRAND = "convex-streaming-import/export";

/** What the compiler says of a call of a function that only the component may call. The linter knows it by this too. */
export const IMPORTERS_OWN = "Only the importer calls this function: it writes mirrors.";
