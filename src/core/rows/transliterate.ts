/**
 * ASCII for names. Names in other scripts take tables of half a megabyte (`scripts.ts`), which would cost every call of
 * every function, because each evaluates its modules again. They are loaded when a name needs them: in actions and on
 * the command line only, because Convex loads nothing while a query or a mutation runs.
 */
let inOtherScripts: ((name: string) => string) | null = null;

/** Loads what `transliterate` needs for names that are not ASCII. */
export async function loadScripts(): Promise<void> {
  inOtherScripts ??= (await import("./scripts.js")).toAscii;
}

/** Whether a text is ASCII, so that `transliterate` needs no tables for it. */
export function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text);
}

/** Whether `transliterate` can write a name in ASCII now. */
export function canTransliterate(name: string): boolean {
  return isAscii(name) || inOtherScripts !== null;
}

/**
 * ASCII text for a name; a name that is ASCII stays as it is.
 *
 * @throws Error for another name before `loadScripts`: to guess would store a field under a wrong name.
 */
export function transliterate(name: string): string {
  if (isAscii(name)) return name;
  if (inOtherScripts === null) throw new Error(`Scripts were not loaded for the name "${name}".`);
  return inOtherScripts(name);
}
