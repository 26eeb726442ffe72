/** A token of every sort, for hostile requests. */
export async function tokensFor(deployment: {
  call(name: string, args?: object): Promise<unknown>;
}): Promise<Record<string, string>> {
  const create = async (options: object) => (await deployment.call("createToken", options)) as string;
  const tokens = {
    all: await create({ name: "all", mirrors: ["*"] }),
    narrow: await create({ name: "narrow", mirrors: ["users", "conformance_plain"] }),
    reader: await create({ name: "reader", mirrors: ["*"], access: "read" }),
    exporter: await create({ name: "exporter", mirrors: ["*"], access: "export" }),
    signed: await create({ name: "signed", mirrors: ["*"], signed: true }),
    revoked: await create({ name: "revoked", mirrors: ["*"] }),
  };
  await deployment.call("revokeToken", { name: "revoked" });
  return tokens;
}
