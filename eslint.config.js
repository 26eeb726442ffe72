import convexPlugin from "@convex-dev/eslint-plugin";
import js from "@eslint/js";
import globals from "globals";
import tseslint from "typescript-eslint";

export default tseslint.config(
  {
    ignores: [
      "dist/**",
      "**/_generated/**",
      "test/guard/fixture/**",
      ".dependency-cruiser.mjs",
      "test/**/programs/**",
      "tools/local-convex/fixture/**",
      "example/dist/**",
      "example/vite.config.ts",
      // Programs that are judged, not run: test/attempts.
      "example/attempts/**",
      // An app of its own, which tools/consumerSmoke.ts installs, compiles and lints.
      "template/**",
    ],
  },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      globals: globals.nodeBuiltin,
      parserOptions: {
        projectService: { allowDefaultProject: ["*.js"] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      // convex's own types are built on `any` and on `{}` as "nothing yet"; repeating them is not a choice of ours.
      "@typescript-eslint/no-empty-object-type": "off",
      // `!` states an invariant that the line before has just established; an `if` that cannot be false hides it.
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      // It recurses over convex's `Value`, which contains itself, until the stack is full.
      "@typescript-eslint/no-unsafe-class-instance-assignment": "off",
    },
  },
  {
    // Convex's own `any` and `void`, in the constraints of its builder types, said again.
    files: ["src/guard/builder.ts", "src/guard/schema.ts"],
    rules: {
      "@typescript-eslint/no-explicit-any": "off",
      "@typescript-eslint/no-invalid-void-type": "off",
    },
  },
  {
    // Tests look at answers, documents and errors of unknown shape, and hand over what the types forbid, on purpose.
    files: ["**/*.test.ts", "**/*.test.tsx", "**/*.test-d.ts", "**/testing/**/*.ts", "test/**/*.ts"],
    rules: {
      "@typescript-eslint/no-explicit-any": "off",
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-call": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-return": "off",
      "@typescript-eslint/require-await": "off",
      "@typescript-eslint/unbound-method": "off",
      "@typescript-eslint/no-unnecessary-type-arguments": "off",
      "@typescript-eslint/no-confusing-void-expression": "off",
      "@typescript-eslint/no-unnecessary-condition": "off",
      "@typescript-eslint/no-unnecessary-type-assertion": "off",
      "@typescript-eslint/no-unnecessary-type-parameters": "off",
      "@typescript-eslint/no-meaningless-void-operator": "off",
      "@typescript-eslint/no-implied-eval": "off",
      "@typescript-eslint/no-base-to-string": "off",
      "@typescript-eslint/no-misused-spread": "off",
    },
  },
  {
    // Declares Convex's own overloads again, as they are.
    files: ["src/schema/definition.ts"],
    rules: {
      "@typescript-eslint/unified-signatures": "off",
      "@typescript-eslint/no-unnecessary-type-parameters": "off",
    },
  },
  {
    // What rows, senders, servers and files say must not steer a terminal.
    files: ["src/cli/**/*.ts"],
    ignores: ["src/cli/main.ts", "**/*.test.ts"],
    rules: {
      "no-restricted-syntax": [
        "error",
        {
          selector: "MemberExpression[property.name='write'][object.property.name=/^std(out|err)$/]",
          message: "Write with print, say or jsonOf of terminal/output.ts.",
        },
      ],
    },
  },
  {
    // The engine takes the TypeScript of its host as a value; what is constant in ours may not be in another.
    files: ["eslint-rules/**/*.ts"],
    rules: {
      "@typescript-eslint/no-unnecessary-condition": "off",
      "@typescript-eslint/no-deprecated": "off",
      "@typescript-eslint/no-unnecessary-type-assertion": "off",
    },
  },
  {
    files: ["convex/**/*.ts", "example/convex/**/*.ts"],
    plugins: { "@convex-dev": convexPlugin },
    rules: Object.assign({}, ...convexPlugin.configs.recommended.map((block) => block.rules ?? {})),
  },
  { files: ["**/*.js"], ...tseslint.configs.disableTypeChecked },
);
