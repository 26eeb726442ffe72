/**
 * What tests ask of the importer by name: a function of the app's `imports.ts`, or one of the component with the
 * arguments that it always gets.
 */
const OF_COMPONENT: Record<string, [path: string, args?: object] | undefined> = {
  createToken: ["tokens:create"],
  rotateToken: ["tokens:rotate"],
  revokeToken: ["tokens:revoke"],
  listTokens: ["tokens:list"],
  status: ["registry:list", { exact: true }],
  unknownStreams: ["unknownStreams:list"],
  runs: ["runs:history"],
  pause: ["registry:pause"],
  resume: ["registry:resume"],
  sweep: ["runs:sweep"],
  clearMirror: ["write/clear:clear"],
  listQuarantine: ["quarantine:list"],
  discardQuarantine: ["quarantine:discard"],
  drift: ["write/drift:list"],
  audit: ["audit:start"],
  auditReport: ["audit:report"],
  repair: ["audit:repair"],
};

export interface Operation {
  /** Empty for the app. */
  component: string;
  path: string;
  args: object;
}

/** Where an operation is, in an app that uses the component under that name. A path is taken as it is: `flights:board`. */
export function operation(component: string, name: string, args: object = {}): Operation {
  const found = OF_COMPONENT[name];
  if (found === undefined)
    return { component: "", path: name.includes(":") ? name : `imports:${name}`, args };
  const [path, always = {}] = found;
  return { component, path, args: { ...always, ...args } };
}
