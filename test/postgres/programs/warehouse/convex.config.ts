import streamingImport from "convex-streaming-import/convex.config.js";
import { defineApp } from "convex/server";

const app = defineApp();
app.use(streamingImport);

export default app;
