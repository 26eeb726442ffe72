# The Airbyte destination as Airbyte runs it: docs/cli.md says how to add it to a workspace.
FROM --platform=linux/amd64 node:20-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
RUN npm pack --pack-destination /tmp

FROM --platform=linux/amd64 node:20-slim
COPY --from=build /tmp/convex-streaming-import-*.tgz /tmp/
RUN npm install --prefix /opt/streaming-import --omit=dev --no-audit --no-fund /tmp/convex-streaming-import-*.tgz \
  && rm -rf /tmp/*.tgz /root/.npm \
  && groupadd --gid 1001 airbyte \
  && useradd --uid 1001 --gid airbyte --create-home airbyte \
  && mkdir -p /airbyte \
  && chown airbyte:airbyte /airbyte
USER airbyte
WORKDIR /airbyte
ENV NODE_ENV=production
# Airbyte wraps the entry point in a shell of its own, which takes it from here.
ENV AIRBYTE_ENTRYPOINT="/usr/local/bin/node /opt/streaming-import/node_modules/convex-streaming-import/dist/src/cli/main.js airbyte"
ENTRYPOINT ["/usr/local/bin/node", "/opt/streaming-import/node_modules/convex-streaming-import/dist/src/cli/main.js", "airbyte"]
