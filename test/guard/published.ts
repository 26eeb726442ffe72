/**
 * The versions of libraries that the summaries were checked against as they are published: `npm run check:libraries`
 * installs them in the place of the stubs, and of the convex-helpers that is installed with this repository.
 */
export const PUBLISHED: Readonly<Record<string, string>> = {
  "convex-helpers": "0.1.135",
  "convex-ents": "0.20.0",
  "@convex-dev/migrations": "0.3.6",
  "@convex-dev/auth": "0.0.95",
};
