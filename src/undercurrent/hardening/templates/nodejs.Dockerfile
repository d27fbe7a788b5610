# A service in JavaScript on Node.js: about 80 MB to pull, nobody is root, nothing is written.
#
# Wants here: package.json, package-lock.json, and server.js, which listens on $PORT.
#
#   docker build --tag @APP@:rootless .
#   docker run --rm --publish @PORT@:@PORT@ --read-only --cap-drop ALL --security-opt no-new-privileges @APP@:rootless
#
# Made by `uc harden new nodejs`. `uc harden audit .` checks it, `uc harden prove .` runs it and shows that it is true.

# A tag moves, a digest does not. Pin what you tested: `docker buildx imagetools inspect node:24-slim` prints the
# digest; write it behind the tag, as node:24-slim@sha256:…, here or with --build-arg.
ARG BASE_IMAGE=docker.io/library/node:24-slim

FROM ${BASE_IMAGE} AS build
WORKDIR /app
# The lock file says every version and its hash, and `npm ci` keeps to it: the same packages today and tomorrow.
# This layer is built again only when they change.
COPY package.json package-lock.json ./
# A program in TypeScript is built here: `npm ci`, `npm run build`, `npm prune --omit=dev`.
RUN npm ci --omit=dev --no-audit --no-fund \
    && mkdir -p node_modules

FROM ${BASE_IMAGE}
# A line for the number, so that programs which ask for their own name get one. useradd would write today's date, too.
# And no program is left that makes whoever starts it root (su, mount, passwd …).
RUN echo '@APP@:x:@UID@:@UID@::/tmp:/usr/sbin/nologin' >>/etc/passwd \
    && echo '@APP@:x:@UID@:' >>/etc/group \
    && find / -xdev -type f -perm /6000 -exec chmod ug-s {} +
# HOME is where caches go: /tmp, a tmpfs if the program wants one (add `--tmpfs /tmp`).
ENV HOME=/tmp \
    NODE_ENV=production \
    NPM_CONFIG_CACHE=/tmp/npm \
    PORT=@PORT@
WORKDIR /app
# All of it belongs to root: whoever takes the program over cannot change it. .dockerignore keeps out what is not wanted.
COPY --from=build /app/node_modules ./node_modules
COPY . .
# Above 1023, so no capability is needed to listen on it.
EXPOSE @PORT@
# A number, since Kubernetes cannot tell of a name that it is not root (runAsNonRoot). USER comes last: what is above
# needs root, what is below does not. The image's own user `node` is number 1000, which people on the machine have, too.
USER @UID@:@UID@
# An answer is enough, whatever it says: a page that is not there is an answer, an error of the server is none.
HEALTHCHECK --interval=30s --timeout=3s --start-period=5s --retries=3 \
    CMD ["node", "-e", "require('http').get({host: '127.0.0.1', port: @PORT@, timeout: 2000}, r => process.exit(r.statusCode < 500 ? 0 : 1)).on('error', () => process.exit(1))"]
# node as the first process ignores SIGTERM unless the program listens for it; `--init` helps where it does not.
CMD ["node", "server.js"]
