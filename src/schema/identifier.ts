/**
 * True for a name that a Convex schema can declare a field by. Documents may have fields of other names (`first name`),
 * but only inside of v.any() and v.record().
 */
export function isIdentifier(name: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_]*$/.test(name);
}
