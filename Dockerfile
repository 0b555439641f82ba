# syntax=docker/dockerfile:1
# Build stage: compiles the server and the dashboard, then leaves the tools behind.
FROM node:20-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run build && npm prune --omit=dev --no-audit --no-fund

# What runs: Node, compiled JavaScript, production packages. No sources, no compiler, no shell tools beyond the base.
# As production it needs a few variables before it starts; docker-compose.yml passes them on, docs/operations.md lists them.
FROM node:20-bookworm-slim
ENV NODE_ENV=production \
    PRAHARI_DATA_DIR=/data \
    PRAHARI_HTTP_HOST=0.0.0.0 \
    PRAHARI_MQTT_HOST=0.0.0.0
WORKDIR /app
COPY --from=build /src/package.json ./
COPY --from=build /src/node_modules ./node_modules
COPY --from=build /src/bin ./bin
COPY --from=build /src/dist ./dist
RUN mkdir /data && chown node:node /data
# The only place that is written to; the rest may be mounted read-only, with a tmpfs on /tmp for exports.
VOLUME /data
USER node
EXPOSE 3000 1883 8883
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "bin/healthcheck.mjs"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "bin/prahari.mjs"]
CMD ["start"]
