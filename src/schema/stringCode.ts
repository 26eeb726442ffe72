/** A text as a literal of TypeScript, in the quotes that Prettier chooses: those that need fewer escapes. */
export function stringCode(text: string): string {
  const quoted = JSON.stringify(text);
  const count = (quote: string) => text.split(quote).length - 1;
  if (count('"') <= count("'")) return quoted;
  return `'${quoted.slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}
