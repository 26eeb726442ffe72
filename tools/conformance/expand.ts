import type { Template } from "./scenario.js";

/** What placeholders stand for. */
export type Variables = Readonly<Record<string, unknown>>;

/** A text that is a placeholder as a whole: `{{run}}`, `{{generation+1}}`. It gives the value itself, not its text. */
const WHOLE = /^\{\{(\w+)(?:([+-])(\d+))?\}\}$/;
const PART = /\{\{(\w+)(?:([+-])(\d+))?\}\}/g;

/**
 * Fills a template in:
 *
 * - `"{{run}}"`, `"a-{{nonce}}"`, `"{{generation+1}}"`: a value that was saved, or `nonce`, which differs in every
 *   execution, so that what earlier ones have left behind does not matter.
 * - `{"$repeat": 500, "item": …}` in an array: that many items, in which `{{i}}` counts from 0.
 * - `{"$text": "x", "times": 1000}`: a long text.
 * - `{"$nest": 15, "around": …}`: objects in objects, that many levels of them, around a value.
 * - `{"$fields": 1024}`: an object of that many fields, each with its number.
 *
 * @throws Error for a name that nothing was saved under.
 */
export function expand(template: Template, variables: Variables): unknown {
  if (typeof template === "string") return fillIn(template, variables);
  if (typeof template !== "object" || template === null) return template;
  if (Array.isArray(template)) return template.flatMap((item) => expandItem(item, variables));
  if ("$text" in template) return (template.$text as string).repeat(Number(template.times));
  if ("$nest" in template) return nest(Number(template.$nest), expand(template.around ?? null, variables));
  if ("$fields" in template) {
    return Object.fromEntries(
      Array.from({ length: Number(template.$fields) }, (_, i) => [`f${String(i)}`, i]),
    );
  }
  return Object.fromEntries(
    Object.entries(template).map(([name, value]) => [fillIn(name, variables), expand(value, variables)]),
  );
}

function expandItem(item: Template, variables: Variables): unknown[] {
  if (typeof item !== "object" || item === null || Array.isArray(item) || !("$repeat" in item)) {
    return [expand(item, variables)];
  }
  return Array.from({ length: Number(item.$repeat) }, (_, i) =>
    expand(item.item ?? null, { ...variables, i }),
  );
}

function fillIn(text: string, variables: Variables): unknown {
  const [whole, name, sign, offset] = WHOLE.exec(text) ?? [];
  if (whole !== undefined) return valueOf(name!, sign, offset, variables);
  return text.replace(PART, (_, part: string, partSign?: string, partOffset?: string) =>
    String(valueOf(part, partSign, partOffset, variables)),
  );
}

function valueOf(
  name: string,
  sign: string | undefined,
  offset: string | undefined,
  variables: Variables,
): unknown {
  if (!Object.hasOwn(variables, name)) throw new Error(`Nothing was saved under the name "${name}".`);
  const value = variables[name];
  if (sign === undefined) return value;
  return Number(value) + (sign === "-" ? -1 : 1) * Number(offset);
}

function nest(levels: number, value: unknown): unknown {
  let nested = value;
  for (let level = 0; level < levels; level++) nested = { a: nested };
  return nested;
}
