import { httpRouter } from "convex/server";
import { streamingImport } from "./imports";

const http = httpRouter();
streamingImport.registerRoutes(http);

export default http;
