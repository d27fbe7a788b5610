# A service as one static Go program on Alpine: about 5 MB to pull, nobody is root, nothing is written.
#
# Wants here: go.mod and a main package that listens on $PORT.
#
#   docker build --tag myapp:rootless .
#   docker run --rm --publish 8080:8080 --read-only --cap-drop ALL --security-opt no-new-privileges myapp:rootless
#
# Made by `uc harden new alpine`. `uc harden audit .` checks it, `uc harden prove .` runs it and shows that it is true.

# A tag moves, a digest does not. Pin what you tested: `docker buildx imagetools inspect golang:1.25-alpine` prints the
# digest; write it behind the tag, as golang:1.25-alpine@sha256:…, here or with --build-arg.
ARG BUILD_IMAGE=docker.io/library/golang:1.25-alpine
ARG BASE_IMAGE=docker.io/library/alpine:3.22

FROM ${BUILD_IMAGE} AS build
WORKDIR /src
# Modules change more rarely than code: this layer is built again only when they do.
COPY go.mod go.sum* ./
RUN go mod download
COPY . .
# No C library, no paths of this machine, no build id, no commit: the same source gives the same bytes.
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags='-s -w -buildid=' -o /out/myapp .

FROM ${BASE_IMAGE}
# A line for the number, so that programs which ask for their own name get one. adduser would write today's date, too.
RUN echo 'myapp:x:10001:10001::/tmp:/sbin/nologin' >>/etc/passwd \
    && echo 'myapp:x:10001:' >>/etc/group
# The program belongs to root: whoever takes it over cannot change it.
COPY --from=build /out/myapp /usr/local/bin/myapp
# HOME is where caches go: /tmp, a tmpfs if the program wants one (add `--tmpfs /tmp`).
ENV HOME=/tmp \
    PORT=8080
# Above 1023, so no capability is needed to listen on it.
EXPOSE 8080
# A number, since Kubernetes cannot tell of a name that it is not root (runAsNonRoot). USER comes last: what is above
# needs root, what is below does not.
USER 10001:10001
HEALTHCHECK --interval=30s --timeout=3s --start-period=5s --retries=3 \
    CMD ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/"]
ENTRYPOINT ["/usr/local/bin/myapp"]
