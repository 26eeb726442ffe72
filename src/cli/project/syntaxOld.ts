import ts from "typescript";
import { bare, initializerOf } from "./syntax.js";

/** How many names are followed to what they stand for. */
export const MAX_STEPS = 8;

/** What an expression stands for, as far as this file tells. */
export function resolved(source: ts.SourceFile, expression: ts.Expression): ts.Expression {
  let current = bare(expression);
  for (let steps = 0; steps < MAX_STEPS && ts.isIdentifier(current); steps++) {
    const initializer = initializerOf(source, current.text);
    if (initializer === null) break;
    current = bare(initializer);
  }
  return current;
}

/** The name of a property, or null where it is computed. */
export function nameOf(property: ts.ObjectLiteralElementLike): string | null {
  const { name } = property;
  if (name === undefined) return null;
  if (ts.isIdentifier(name) || ts.isStringLiteralLike(name)) return name.text;
  return ts.isNumericLiteral(name) ? name.text : null;
}
