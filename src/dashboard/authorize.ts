import type { GenericDataModel, GenericQueryCtx } from "convex/server";
import { ConvexError } from "convex/values";

/** What a caller of `dashboardFunctions` asks for. */
export interface AccessRequest {
  /**
   * - view: how imports are doing. Names of mirrors, fields and streams, counts and times; no row, and no part of one.
   * - operate: to see rows in quarantine and keys in audits, and to replay, discard, pause, resume, sweep, audit and repair.
   */
  access: "view" | "operate";
  /** The mirror in question; null for all of them. */
  mirror: string | null;
}

/** What the app's check may look at: who asks, and the app's tables. In a mutation, too, it only reads. */
export type AuthorizeCtx<DataModel extends GenericDataModel> = GenericQueryCtx<DataModel>;

/** The app's check: `true` opens, anything else refuses, and an error of its own refuses in its own words. */
export type Authorize<DataModel extends GenericDataModel> = (
  ctx: AuthorizeCtx<DataModel>,
  request: AccessRequest,
) => boolean | Promise<boolean>;

/** The app's check, bound to nothing: what the functions of this folder call first. */
export class Gate<DataModel extends GenericDataModel> {
  constructor(private readonly authorize: Authorize<DataModel>) {}

  /** @throws ConvexError `{ code: "NotAuthorized" }`, or what the app's check throws. */
  async pass(ctx: object, access: AccessRequest["access"], mirror: string | null): Promise<void> {
    if (await this.#opens(ctx, { access, mirror })) return;
    const what = access === "view" ? "see how imports are doing" : "operate imports";
    throw new ConvexError({
      code: "NotAuthorized",
      message: `You may not ${what}. Sign in with an account that may, or change the check in dashboardFunctions.`,
    });
  }

  /** Whether somebody who may see may operate, too. A check that throws refuses. */
  async mayOperate(ctx: object, mirror: string | null): Promise<boolean> {
    try {
      return await this.#opens(ctx, { access: "operate", mirror });
    } catch {
      return false;
    }
  }

  async #opens(ctx: object, request: AccessRequest): Promise<boolean> {
    // Nothing but `true`: a check that forgets to return must not open.
    return ((await this.authorize(ctx as AuthorizeCtx<DataModel>, request)) as unknown) === true;
  }
}
