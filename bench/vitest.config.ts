import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    environment: "node",
    include: ["bench/bench.test.ts", "bench/contention/contention.test.ts"],
    fileParallelism: false,
  },
});
