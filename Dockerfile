# One image per service, and `gatehouse`: the command line and the whole gateway in one process.
#   docker build --target federation-peer -t gatehouse/federation-peer .
# docs/deploy-with-images.md says more; docs/adr/0013-images.md says why it is like this.

# What the images stand on: anything with glibc and libstdc++; neither a shell nor a package manager is called in it.
ARG BASE_IMAGE=debian:bookworm-slim
# Builds only, with its npm. The Node that runs later comes from package-lock.json.
ARG NODE_IMAGE=node:24-bookworm-slim

# The files that decide what npm installs, so that a change of the sources does not install everything again.
FROM ${NODE_IMAGE} AS manifests
COPY . /source
WORKDIR /source
RUN find . -name package.json -o -name package-lock.json | sort | tar -cf /manifests.tar --mtime=@0 -T - \
  && mkdir /manifests && tar -xf /manifests.tar -C /manifests

FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY --from=manifests /manifests/ ./
RUN npm ci --ignore-scripts --no-audit --no-fund --workspace=apps/gatehouse --include-workspace-root
COPY . .
RUN node_modules/.bin/tsc -b apps/gatehouse && node_modules/.bin/node tools/image/assemble-all.mjs /out

FROM ${BASE_IMAGE} AS runtime
ARG VERSION=0.1.0
ARG SOURCE=https://git.example.org/gatehouse/gatehouse
LABEL org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.source="${SOURCE}" \
  org.opencontainers.image.vendor="Gatehouse" \
  org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /out/node/ /
# Databases, keys and sockets; with a read-only root file system a volume goes here, and a tmpfs on /tmp.
COPY --from=build --chown=10001:10001 /out/state/ /var/lib/gatehouse/
WORKDIR /var/lib/gatehouse
USER 10001:10001
# Code that V8 need not compile again at every start. Where the health check looks: `telemetry.health` of the configuration.
ENV NODE_ENV=production \
  NODE_COMPILE_CACHE=/opt/gatehouse/compile-cache \
  GATEHOUSE_HEALTH_URL=http://127.0.0.1:9090/readyz
HEALTHCHECK --interval=15s --timeout=5s --start-period=10s --retries=3 \
  CMD ["/usr/local/bin/node", "/opt/gatehouse/apps/gatehouse/dist/health-probe/main.js"]
# Node itself is process 1, so that SIGTERM reaches it and it drains.
ENTRYPOINT ["/usr/local/bin/node", "--disable-warning=ExperimentalWarning", "--max-semi-space-size=64", "--no-parallel-scavenge", "/opt/gatehouse/apps/gatehouse/dist/main.js"]

FROM runtime AS federation-peer
LABEL org.opencontainers.image.title="gatehouse/federation-peer" \
  org.opencontainers.image.description="Gatehouse: the SIP edge, mutual-TLS federation between inside and outside."
COPY --from=build /out/federation-peer/ /
ARG REVISION=unknown
LABEL org.opencontainers.image.revision="${REVISION}"
CMD ["service", "federation-peer", "--config", "/etc/gatehouse/gatehouse.yaml"]

FROM runtime AS public-im-bridge
LABEL org.opencontainers.image.title="gatehouse/public-im-bridge" \
  org.opencontainers.image.description="Gatehouse: public networks, one connector each."
COPY --from=build /out/public-im-bridge/ /
ARG REVISION=unknown
LABEL org.opencontainers.image.revision="${REVISION}"
CMD ["service", "public-im-bridge", "--config", "/etc/gatehouse/gatehouse.yaml"]

FROM runtime AS policy
LABEL org.opencontainers.image.title="gatehouse/policy" \
  org.opencontainers.image.description="Gatehouse: who may talk to whom, and why."
COPY --from=build /out/policy/ /
ARG REVISION=unknown
LABEL org.opencontainers.image.revision="${REVISION}"
CMD ["service", "policy", "--config", "/etc/gatehouse/gatehouse.yaml"]

FROM runtime AS archive
LABEL org.opencontainers.image.title="gatehouse/archive" \
  org.opencontainers.image.description="Gatehouse: commits every message before it is answered."
COPY --from=build /out/archive/ /
ARG REVISION=unknown
LABEL org.opencontainers.image.revision="${REVISION}"
CMD ["service", "archive", "--config", "/etc/gatehouse/gatehouse.yaml"]

FROM runtime AS gatehouse
LABEL org.opencontainers.image.title="gatehouse/gatehouse" \
  org.opencontainers.image.description="Gatehouse: the command line, and the whole gateway in one process."
COPY --from=build /out/gatehouse/ /
ARG REVISION=unknown
LABEL org.opencontainers.image.revision="${REVISION}"
CMD ["up", "--config", "/etc/gatehouse/gatehouse.yaml"]
