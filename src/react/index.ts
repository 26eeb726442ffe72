/**
 * The panel, the badge and the hooks for pages that show how imports are doing.
 *
 * @module react
 */
export { useImportStatus, useMirrorStatus, useReached, type Answer, type ImportStatus } from "./hooks.js";
export { ImportPanel, type ImportPanelProps } from "./ImportPanel.js";
export { ImportProvider, type ImportFunctions, type ImportProviderProps } from "./ImportProvider.js";
export { MirrorBadge, type MirrorBadgeProps } from "./MirrorBadge.js";
export type { Theme } from "./words.js";
export type { ReachTarget } from "../dashboard/target.js";
export type { MirrorStatus, Reached } from "../core/wire/views.js";
