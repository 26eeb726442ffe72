import type { ComponentApi } from "../../../convex/_generated/component.js";
import { hashToken, isToken } from "../../core/token.js";
import { errorResponse, HttpError } from "../../http/errors.js";
import type { Exporter } from "../../http/exporter.js";
import type { Importer } from "../../http/importer.js";
import { readBody, tokenOf } from "../../http/request.js";
import type { Route } from "../../http/routes.js";
import type { AppExports } from "../exports.js";
import type { AppMirrors, RunsFunctions } from "../mirrors.js";
import type { Declaration } from "./declaration.js";
import { unlessBusy } from "./retry.js";
import { Session, type SessionSettings } from "./session.js";

/** What a request is answered with. */
interface App {
  ctx: RunsFunctions;
  component: ComponentApi;
  mirrors: () => Promise<AppMirrors>;
  exports: AppExports;
  declaration: Declaration;
  settings: SessionSettings;
}

/** Answers one request of a route. */
export async function answer(handle: Route["handle"], request: Request, app: App): Promise<Response> {
  try {
    return await handle(importerOf(app), request);
  } catch (error) {
    return errorResponse(error);
  }
}

function importerOf({ ctx, component, mirrors, exports, declaration, settings }: App): Importer & Exporter {
  const authenticate = async (request: Request, maxBodyBytes?: number) => {
    const presented = tokenOf(request);
    // What is no token costs no query.
    const token = isToken(presented)
      ? await ctx.runQuery(component.access.authenticate, {
          hash: hashToken(presented),
          nowMs: Date.now(),
        })
      : null;
    if (token === null) {
      throw new HttpError(
        401,
        "BadAdminKey",
        "This token is unknown, revoked or expired. Make one with `npx streaming-import token create` and enter it as the connector's access key.",
      );
    }
    const body = await readBody(request, maxBodyBytes);
    if (token.signingKey !== null) {
      const { verifySignature } = await import("../../http/signature.js");
      verifySignature(request, body, token.signingKey, Date.now());
    }
    if (token.useDue)
      await unlessBusy(async () =>
        ctx.runMutation(component.tokens.touch, { token: token.id, sending: false }),
      );
    if (token.fingerprint !== declaration.fingerprint) await declaration.send(ctx, component);
    return { token, body };
  };
  return {
    open: async (request, maxBodyBytes) => {
      const { token, body } = await authenticate(request, maxBodyBytes);
      const { access } = token;
      if (access === "export") {
        throw new HttpError(
          403,
          "OperationNotPermitted",
          `The token "${token.name}" is for export; it opens no mirror. Make one for the import.`,
        );
      }
      return new Session(ctx, component, await mirrors(), { ...token, access }, settings, body);
    },
    openExport: async (request) => {
      const { token, body } = await authenticate(request);
      const { ReaderSession } = await import("../exporting/exportSession.js");
      return new ReaderSession(ctx, component, exports, token, body);
    },
  };
}
