import { defineApp } from "convex/server";
import streamingImport from "convex-streaming-import/convex.config.js";

const app = defineApp();
app.use(streamingImport);

export default app;
