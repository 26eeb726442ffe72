export { useImportStatus, useMirrorStatus, useReached, type Answer } from "./hooks.js";
export { ImportPanel, type ImportPanelProps } from "./ImportPanel.js";
export { ImportProvider, type ImportFunctions, type ImportProviderProps } from "./ImportProvider.js";
export { MirrorBadge, type MirrorBadgeProps } from "./MirrorBadge.js";
export type { Theme } from "./words.js";
