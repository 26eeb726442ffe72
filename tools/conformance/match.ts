/**
 * Compares what was found with what is expected, and says where they differ. Objects may have more fields than are
 * expected; arrays are as long as expected; anything else is equal, unless the expected value is
 *
 * - `{"$match": "…"}`: a text that the regular expression matches,
 * - `{"$any": true}`: anything but null,
 * - `{"$has": …}`: an array, one element of which is like that.
 *
 * @returns a sentence for each difference; none when all is as expected.
 */
export function differences(expected: unknown, found: unknown, path = ""): string[] {
  if (isObject(expected)) {
    if ("$match" in expected) return matches(String(expected.$match), found, path);
    if ("$any" in expected)
      return found === undefined || found === null ? [different(path, "anything", found)] : [];
    if ("$has" in expected) return has(expected.$has, found, path);
    if (!isObject(found)) return [different(path, expected, found)];
    return Object.entries(expected).flatMap(([name, value]) =>
      differences(
        value,
        Object.hasOwn(found, name) ? found[name] : undefined,
        path === "" ? name : `${path}.${name}`,
      ),
    );
  }
  if (Array.isArray(expected)) {
    if (!Array.isArray(found) || found.length !== expected.length) return [different(path, expected, found)];
    return expected.flatMap((value, i) => differences(value, found[i], `${path}[${String(i)}]`));
  }
  return Object.is(expected, found) ? [] : [different(path, expected, found)];
}

function matches(pattern: string, found: unknown, path: string): string[] {
  if (typeof found === "string" && new RegExp(pattern).test(found)) return [];
  return [different(path, `a text like /${pattern}/`, found)];
}

function has(expected: unknown, found: unknown, path: string): string[] {
  if (Array.isArray(found) && found.some((element) => differences(expected, element).length === 0)) return [];
  return [`${path}: expected an element like ${shown(expected)} among ${shown(found)}.`];
}

function different(path: string, expected: unknown, found: unknown): string {
  const place = path === "" ? "the answer" : path;
  return `${place}: expected ${shown(expected)}, found ${shown(found)}.`;
}

/** The longest part of an answer that a message repeats. */
const MAX_SHOWN = 300;

function shown(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}…`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
