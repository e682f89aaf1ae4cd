# hepgate as a container: docker-compose.yml beside this file runs it, config/kubernetes/hepgate.yaml too.
# Both stages are the same distribution, so that what npm installed for the first fits the second.
FROM node:24.18.0-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json ./
COPY src ./src
COPY dashboards/live ./dashboards/live
RUN npm run --silent build \
    && npm prune --omit=dev --no-audit --no-fund
# Two thirds of what the packages bring are for people who develop with them: types, source maps, manuals, tests, and what
# OpenTelemetry builds for other loaders than that of Node.js. Licences stay.
RUN find node_modules dist -type f \( -name '*.map' -o -name '*.d.*ts' -o -name '*.md' \) ! -iname 'licen[cs]e*' -delete \
    && find node_modules -type d \( -name test -o -name docs -o -name 'benchmark*' -o -name examples \) -prune -exec rm -r {} + \
    && rm -rf node_modules/@opentelemetry/*/build/esm node_modules/@opentelemetry/*/build/esnext

FROM node:24.18.0-bookworm-slim
LABEL org.opencontainers.image.title="hepgate" \
      org.opencontainers.image.description="SIP-over-TLS edge gateway that shows what happens inside TLS" \
      org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /opt/hepgate
COPY package.json LICENSE ./
COPY --from=build /build/node_modules ./node_modules
COPY --from=build /build/dist ./dist
COPY config/docker.yaml /etc/hepgate/hepgate.yaml
# The command under its name, and the one place it writes to: a volume takes over owner and mode from here.
RUN chmod +x dist/main.js && ln -s /opt/hepgate/dist/main.js /usr/local/bin/hepgate \
    && install -d -o node -g node -m 0700 /var/lib/hepgate
ENV NODE_ENV=production \
    STATE_DIRECTORY=/var/lib/hepgate
VOLUME /var/lib/hepgate
# uid 1000; as a number, because Kubernetes compares it with runAsNonRoot
USER 1000:1000
# SIP over TLS; the HTTP API
EXPOSE 5061 8080
# The first ends connections in peace, a second one at once.
STOPSIGNAL SIGTERM
# Where api.listen says another port, say so here too. /healthz needs no token. By bash, which opens the connection itself
# (under 10 ms of CPU): a Node.js that begins for it takes 150 ms and 80 MB, each time.
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /healthz HTTP/1.0\\r\\n\\r\\n' >&3 && read -r -t 2 line <&3 && [[ $line == *' 200 '* ]]"]
ENTRYPOINT ["hepgate"]
CMD ["run", "--config", "/etc/hepgate/hepgate.yaml"]
