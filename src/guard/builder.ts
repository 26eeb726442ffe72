import type {
  ArgsArrayForOptionalValidator,
  ArgsArrayToObject,
  DefaultArgsForOptionalValidator,
  FunctionVisibility,
  GenericDataModel,
  GenericMutationCtx,
  RegisteredMutation,
  ReturnValueForOptionalValidator,
} from "convex/server";
import type { PropertyValidators, Validator } from "convex/values";
import { Recorder, recorderOf, withRecorder, type ExportComponent } from "./recorder.js";
import type { GuardedMutationCtx } from "./writer.js";

// `any` below is Convex's own, in the constraints of its builder types.
type OptionalValidator = PropertyValidators | Validator<any, "required", any> | void;

/**
 * Convex's `MutationBuilder` with a guarded `ctx`: arguments, return values, validators and the bare-function form
 * are typed as by Convex itself.
 */
export type GuardedMutationBuilder<
  DataModel extends GenericDataModel,
  Mirrors extends string,
  Visibility extends FunctionVisibility,
> = {
  <
    ArgsValidator extends OptionalValidator,
    ReturnsValidator extends OptionalValidator,
    ReturnValue extends ReturnValueForOptionalValidator<ReturnsValidator> = any,
    OneOrZeroArgs extends ArgsArrayForOptionalValidator<ArgsValidator> =
      DefaultArgsForOptionalValidator<ArgsValidator>,
  >(
    mutation:
      | {
          /** Validators of the arguments. */
          args?: ArgsValidator;
          /** Validator of the return value. */
          returns?: ReturnsValidator;
          /** The mutation itself; `ctx.db` writes every table that is not a mirror. */
          handler: (ctx: GuardedMutationCtx<DataModel, Mirrors>, ...args: OneOrZeroArgs) => ReturnValue;
        }
      | ((ctx: GuardedMutationCtx<DataModel, Mirrors>, ...args: OneOrZeroArgs) => ReturnValue),
  ): RegisteredMutation<Visibility, ArgsArrayToObject<OneOrZeroArgs>, ReturnValue>;
};

/** A mutation builder without its types: what the guard wraps at run time. */
export type LooseBuilder = (definition: unknown) => unknown;

type LooseHandler = (ctx: object, ...args: unknown[]) => unknown;

const made = new WeakSet<object>();

/** Whether `builder` is one that {@link wrapBuilder} made. */
export function isGuardedBuilder(builder: unknown): boolean {
  return typeof builder === "function" && made.has(builder);
}

/**
 * Wraps a mutation builder so that every handler it registers gets the `ctx` that `guardCtx` makes. With `component`,
 * what the handler changes in exported tables is recorded when it has returned.
 */
export function wrapBuilder(
  builder: LooseBuilder,
  guardCtx: (ctx: object) => object,
  component: ExportComponent | null,
): LooseBuilder {
  const wrap = (handler: LooseHandler): LooseHandler => {
    if (component === null) return (ctx, ...args) => handler(guardCtx(ctx), ...args);
    return async (ctx, ...args) => {
      // A guard around a guarded builder: the inner one records for both.
      if (recorderOf(ctx) !== null) return await handler(guardCtx(ctx), ...args);
      const recorder = new Recorder();
      const result = await handler(guardCtx(withRecorder(ctx, recorder)), ...args);
      await recorder.finish(ctx as GenericMutationCtx<GenericDataModel>, component);
      return result;
    };
  };
  const guarded: LooseBuilder = (definition) => {
    if (typeof definition === "function") return builder(wrap(definition as LooseHandler));
    const { handler, ...rest } = definition as { handler: LooseHandler };
    if (typeof handler !== "function") {
      throw new TypeError("mutation: write { args, handler: async (ctx, args) => … } or a function.");
    }
    return builder({ ...rest, handler: wrap(handler) });
  };
  made.add(guarded);
  return guarded;
}
