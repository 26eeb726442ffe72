export { StreamingImport, type StreamingImportOptions } from "./streamingImport.js";
export type { ErrorCode } from "../http/errors.js";
export { vMirrorStatus, type MirrorStatus } from "../../convex/validators.js";
export type { StateChange } from "../../convex/state.js";
