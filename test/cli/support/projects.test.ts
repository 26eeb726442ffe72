// @vitest-environment node
import { readFileSync, symlinkSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { UserProject } from "./projects.js";

const MANIFEST = fileURLToPath(new URL("../../../package.json", import.meta.url));

test("a project writes and removes nothing of the packages that it is linked to", () => {
  const project = UserProject.fresh();
  onTestFinished(() => {
    project.close();
  });
  const before = readFileSync(MANIFEST, "utf8");
  const file = "node_modules/convex-streaming-import/package.json";
  // The same text: a fault of this test must not harm either.
  expect(() => project.write(file, before)).toThrow("a link leads to");
  expect(() => project.write("node_modules/convex-streaming-import/new/file", "")).toThrow("Remove the link");
  expect(() => project.remove("node_modules/convex-streaming-import/no-such-file")).toThrow(
    "a link leads to",
  );
  symlinkSync(MANIFEST, path.join(project.directory, "linked.json"));
  expect(() => project.write("linked.json", before)).toThrow("is a link out of the project");

  project.remove("node_modules/convex-streaming-import");
  project.write(file, "{}");
  expect(project.read(file)).toBe("{}");
  expect(readFileSync(MANIFEST, "utf8")).toBe(before);
});
