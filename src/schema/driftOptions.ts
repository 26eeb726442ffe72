import { DRIFT_POLICIES, EVOLVE, type DriftPolicies, type DriftPolicy } from "../core/rows/drift.js";
import type { MirrorContract } from "./contract.js";
import { leafKinds, ownField, type Fields, refuse, shown } from "./fields.js";

/** One policy for all kinds of drift, or one for each; `evolve` where nothing is said. */
export type DriftOption = DriftPolicy | Partial<DriftPolicies>;

/** Refuses policies that do not exist, and an overflow field that could not hold anything. */
export function checkDrift(
  fields: Fields,
  options: { drift?: unknown; overflow?: unknown },
): Pick<MirrorContract, "drift" | "overflow"> {
  const drift = policiesOf(options.drift ?? {});
  if (options.overflow === undefined) return { drift, overflow: null };
  const validator = ownField(fields, options.overflow, "overflow") as {
    kind: string;
    key?: never;
    value?: never;
  };
  const holdsAll =
    validator.kind === "any" ||
    (validator.kind === "record" && isAll(validator.key!, "string") && isAll(validator.value!, "any"));
  if (!holdsAll) {
    refuse(
      `the overflow field "${options.overflow as string}" must take any fields; declare it as v.optional(v.record(v.string(), v.any())).`,
    );
  }
  if (drift.unknownFields !== "evolve") {
    refuse(
      `"overflow" keeps unknown fields, but drift says "${drift.unknownFields}" for them; write unknownFields: "evolve", or drop one of the two.`,
    );
  }
  return { drift, overflow: options.overflow as string };
}

function isAll(validator: Parameters<typeof leafKinds>[0], kind: string): boolean {
  return leafKinds(validator).every((found) => found === kind);
}

function policiesOf(option: unknown): DriftPolicies {
  if (typeof option === "string") {
    const policy = checkPolicy(option, "drift");
    return Object.freeze({ unknownFields: policy, types: policy, missingFields: policy });
  }
  if (typeof option !== "object" || option === null) {
    refuse(`"drift" is ${shown(option)}; write a policy such as drift: "freeze", or an object of policies.`);
  }
  for (const [name, policy] of Object.entries(option)) {
    if (!(name in EVOLVE)) {
      refuse(`"drift" has no "${name}"; it has ${Object.keys(EVOLVE).join(", ")}.`);
    }
    if (policy !== undefined) checkPolicy(policy, `drift.${name}`);
  }
  const { unknownFields, types, missingFields } = option as Partial<DriftPolicies>;
  return Object.freeze({
    unknownFields: unknownFields ?? EVOLVE.unknownFields,
    types: types ?? EVOLVE.types,
    missingFields: missingFields ?? EVOLVE.missingFields,
  });
}

function checkPolicy(policy: unknown, option: string): DriftPolicy {
  if (!DRIFT_POLICIES.includes(policy as DriftPolicy)) {
    refuse(`"${option}" is ${shown(policy)}; the policies are ${DRIFT_POLICIES.join(", ")}.`);
  }
  return policy as DriftPolicy;
}
