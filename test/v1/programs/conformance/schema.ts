import { defineSchema } from "convex/server";
// The test copies scenarios/schema.ts here.
import { conformanceMirrors } from "./conformanceMirrors";

export default defineSchema({ ...conformanceMirrors });
