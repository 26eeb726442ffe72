/** The private deploy protocol of the CLI (convex 1.48), as far as this server reads and writes it. */

export interface ModuleConfig {
  path: string;
  source: string;
  environment: "isolate" | "node";
}

interface DefinitionConfig {
  dependencies: string[];
  schema: ModuleConfig | null;
  udfServerVersion: string;
}
export interface StartPushRequest {
  adminKey: string;
  dryRun: boolean;
  functions: string;
  appDefinition: DefinitionConfig & {
    definition: ModuleConfig | null;
    changedModules: ModuleConfig[];
    unchangedModuleHashes: unknown[];
  };
  componentDefinitions: (DefinitionConfig & {
    definitionPath: string;
    definition: ModuleConfig;
    functions: ModuleConfig[];
  })[];
}

export type EnvBinding = { type: "value"; value: string } | { type: "envVar"; name: string };
/** What `export()` of a component or app definition returns. */
export interface ExportedDefinition {
  definitionType: { type: "app" } | { type: "childComponent"; name: string };
  childComponents: { name: string; path: string; env: [string, EnvBinding][] | null }[];
  httpMounts: Record<string, string>;
  httpPrefix?: string;
  envVars?: [string, { type: "value"; value: string; optional?: boolean }][];
}

export interface AnalyzedFunction {
  name: string;
  pos: null;
  udfType: "Query" | "Mutation" | "Action";
  visibility: { kind: "public" | "internal" } | null;
  args: string | null;
  returns: string | null;
}
export interface HttpRoute {
  path: string;
  method: string;
}
export interface AnalyzedModule {
  functions: AnalyzedFunction[];
  httpRoutes: { route: HttpRoute; pos: null }[] | null;
  cronSpecs: null;
  sourceMapped: null;
}
export type ExportTree = { type: "leaf"; leaf: string } | { type: "branch"; branch: [string, ExportTree][] };
export interface Analysis {
  definition: ExportedDefinition & { path: string; exports: ExportTree };
  schema: { tables: unknown[]; schemaValidation: boolean } | null;
  functions: Record<string, AnalyzedModule>;
  udfConfig: { serverVersion: string; importPhaseRngSeed: null; importPhaseUnixTimestamp: null };
}
export interface CheckedComponent {
  definitionPath: string;
  componentPath: string;
  args: Record<string, never>;
  childComponents: Record<string, CheckedComponent>;
  httpRoutes: { httpModuleRoutes: HttpRoute[] | null; mounts: string[] };
  exports: Record<string, never>;
}

export interface DatabaseIndex {
  name: string;
  type: "database";
  fields: string[];
}
export interface IndexDiff {
  added_indexes: DatabaseIndex[];
  removed_indexes: DatabaseIndex[];
}
/** The CLI hands this back unread, so it also carries which staged push it belongs to. */
export interface SchemaChange {
  allocatedComponentIds: Record<string, never>;
  schemaIds: { stagedPush: string };
  indexDiffs: Record<string, IndexDiff>;
}
export interface StartPushResponse {
  environmentVariables: Record<string, string>;
  externalDepsId: null;
  componentDefinitionPackages: Record<string, never>;
  appAuth: never[];
  analysis: Record<string, Analysis>;
  app: CheckedComponent;
  schemaChange: SchemaChange;
}
export type SchemaStatus =
  | { type: "complete" }
  | { type: "raceDetected" }
  | { type: "failed"; error: string; componentPath: string; tableName: string | null };
