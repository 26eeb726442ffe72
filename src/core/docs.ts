/** Where the documentation is. The repository is that of package.json, which a test compares. */
export const DOCS = "https://github.com/convex-streaming-import/convex-streaming-import/blob/main/docs";

/** The page that explains an error code, at its heading. */
export function pageOf(code: string): string {
  return `${DOCS}/errors.md#${code.toLowerCase()}`;
}
