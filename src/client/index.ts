export { StreamingImport, type StreamingImportOptions } from "./streamingImport.js";
export type { ErrorCode } from "../http/errors.js";
