/** Values at dotted paths, as a mirror's contract names its key and version by. */
import type { Value } from "convex/values";
import { located, type Problem } from "./problem.js";

/** What a path can be read from: a converted row, or JSON. */
export type Tree<T> = { readonly [name: string]: T };

/** The names of which a dotted path consists. */
export function splitPath(path: string): string[] {
  return path.split(".");
}

/** The value at a path, or undefined when the path leads nowhere. Arrays have no fields. */
export function valueAt<T>(row: Tree<T>, path: string | readonly string[]): T | undefined {
  let current: T | Tree<T> | undefined = row;
  for (const name of typeof path === "string" ? splitPath(path) : path) {
    if (typeof current !== "object" || current === null || Array.isArray(current)) return undefined;
    if (!Object.hasOwn(current, name)) return undefined;
    current = (current as Tree<T>)[name];
  }
  return current as T | undefined;
}

/** A copy of an object with a value at a path. Anything on the way that is not an object is replaced. */
export function replaceAt<T>(tree: Tree<T>, [name, ...rest]: readonly string[], value: T): Tree<T> {
  if (name === undefined) return tree;
  if (rest.length === 0) return { ...tree, [name]: value };
  const inner = Object.hasOwn(tree, name) ? tree[name] : undefined;
  return { ...tree, [name]: replaceAt(isTree<T>(inner) ? inner : {}, rest, value) as T };
}

/** A copy of an object without the value at a path. */
export function removeAt<T>(tree: Tree<T>, [name, ...rest]: readonly string[]): Tree<T> {
  if (name === undefined || !Object.hasOwn(tree, name)) return tree;
  const { [name]: inner, ...others } = tree;
  if (rest.length === 0) return others;
  return isTree<T>(inner) ? { ...tree, [name]: removeAt(inner, rest) as T } : tree;
}

/** Whether a value has fields. */
export function isTree<T>(value: unknown): value is Tree<T> {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof ArrayBuffer)
  );
}

/**
 * The key of a row: its values at the key's paths, in their order. Null is a value; an absent field is a problem, for
 * the row could not be found again.
 */
export function keyOf(row: Record<string, Value>, paths: readonly string[]): Value[] | Problem {
  const key: Value[] = [];
  for (const path of paths) {
    const value = valueAt(row, path);
    if (value === undefined) return missingKey(path);
    key.push(value);
  }
  return key;
}

/** The problem of a row that has nothing at a path of its key. */
export function missingKey(path: string): Problem {
  return located({
    code: "MissingPrimaryKeyValue",
    path,
    message:
      "found nothing, but it is part of the primary key. Send it with every row, or name another primaryKey in schema.ts.",
  });
}

/** Whether two keys have the same fields. Their order matters to the index alone. */
export function isSameKey(declared: readonly string[], presented: readonly string[]): boolean {
  return declared.length === presented.length && declared.every((field) => presented.includes(field));
}
