import { httpRouter } from "convex/server";
import { streamingImport } from "./imports.js";

const http = httpRouter();
streamingImport.registerRoutes(http);

export default http;
