import { httpRouter } from "convex/server";
import { streamingImport } from "./imports";

const http = httpRouter();
streamingImport.registerRoutes(http, { pathPrefix: "/airbyte" });

export default http;
