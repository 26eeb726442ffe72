export { ImportPanel, type ImportPanelProps } from "./ImportPanel.js";
export { ImportProvider, type ImportProviderProps } from "./ImportProvider.js";
export { MirrorBadge, type MirrorBadgeProps } from "./MirrorBadge.js";
export type { ImportFunctions } from "./functions.js";
export type { Theme } from "./theme.js";
export type { Answer } from "./useAnswer.js";
export { useImportStatus } from "./useImportStatus.js";
export { useMirrorStatus } from "./useMirrorStatus.js";
export { useReached } from "./useReached.js";
