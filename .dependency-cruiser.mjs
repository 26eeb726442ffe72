/**
 * The picture of the house, as rules: every arrow points down, type imports included.
 *
 *        src/cli  src/dashboard ── src/react
 *       │       │   │
 *  eslint-rules src/client
 *       │       │
 *       │    src/http    src/guard
 *       │       │            │
 *       │    src/schema ─────┘    convex (the component)
 *       │       │                 │
 *       └── src/core ─────────────┘
 *
 * `npm run check:layers` checks it. `_generated` is excepted: Convex writes it, and it refers to everything.
 */
const GENERATED = "/_generated/";
const TEST = "\\.(test|test-d)\\.tsx?$|/testing/|^src/test\\.ts$";

/** What each folder may import of ours. */
const MAY_IMPORT = {
  "src/core": [],
  convex: ["src/core"],
  "src/schema": ["src/core"],
  "src/http": ["src/core", "src/schema"],
  "src/client": ["src/core", "src/schema", "src/http"],
  "src/guard": ["src/core", "src/schema"],
  "src/dashboard": ["src/core", "src/schema", "src/client"],
  "src/react": ["src/core", "src/dashboard"],
  "eslint-rules": ["src/core"],
  "src/cli": ["src/core", "src/schema", "src/http", "src/client", "eslint-rules"],
};

const FOLDERS = Object.keys(MAY_IMPORT);

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    {
      name: "no-circles",
      comment: "Two files that import each other are one subject, or hide a third that both need.",
      severity: "error",
      from: { pathNot: GENERATED },
      to: { circular: true, viaOnly: { pathNot: GENERATED } },
    },
    ...FOLDERS.map((folder) => ({
      name: `layers: ${folder}`,
      comment: `${folder} may import ${[folder, ...MAY_IMPORT[folder]].join(", ")}`,
      severity: "error",
      from: { path: `^${folder}/`, pathNot: TEST },
      to: {
        path: "^(src|convex|eslint-rules|test|tools|bench|example)/",
        pathNot: [GENERATED, ...[folder, ...MAY_IMPORT[folder]].map((allowed) => `^${allowed}/`)],
      },
    })),
    {
      name: "core-is-pure",
      comment: "The core runs anywhere: no Node, no Convex runtime but its values.",
      severity: "error",
      from: { path: "^src/core/", pathNot: TEST },
      to: { dependencyTypes: ["core"] },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules|^dist/" },
    exclude: { path: "^(dist|node_modules)/|/fixture/|/programs/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { extensions: [".ts", ".tsx", ".js", ".mjs", ".json"] },
  },
};
