# A service as a compiled program on Ubuntu: about 30 MB to pull, nobody is root, nothing is written.
#
# Wants here: a Makefile whose `install` knows DESTDIR and PREFIX, and makes bin/@APP@, which listens on $PORT.
#
#   docker build --tag @APP@:rootless .
#   docker run --rm --publish @PORT@:@PORT@ --read-only --cap-drop ALL --security-opt no-new-privileges @APP@:rootless
#
# Made by `uc harden new ubuntu`. `uc harden audit .` checks it, `uc harden prove .` runs it and shows that it is true.

# A tag moves, a digest does not. Pin what you tested: `docker buildx imagetools inspect ubuntu:24.04` prints the
# digest; write it behind the tag, as ubuntu:24.04@sha256:…, here or with --build-arg.
# buildpack-deps is Ubuntu with compilers and headers in it: what builds the program is pinned with it, and no package is
# fetched that may be another one tomorrow.
ARG BUILD_IMAGE=docker.io/library/buildpack-deps:24.04
ARG BASE_IMAGE=docker.io/library/ubuntu:24.04

FROM ${BUILD_IMAGE} AS build
WORKDIR /src
COPY . .
# 0: what is built says no date. `docker buildx build --build-arg SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)` says
# that of the commit.
ARG SOURCE_DATE_EPOCH=0
RUN make PREFIX=/usr/local \
    && make install PREFIX=/usr/local DESTDIR=/out

FROM ${BASE_IMAGE}
# A program that needs libraries at run time gets them here, as they were on one day (Ubuntu keeps all days):
#   RUN apt-get update --snapshot 20260101T000000Z \
#       && apt-get install --yes --no-install-recommends --snapshot 20260101T000000Z libpq5 \
#       && rm -rf /var/lib/apt/lists/* /var/log/apt /var/log/dpkg.log /var/cache/ldconfig/aux-cache
#
# A line for the number, so that programs which ask for their own name get one. useradd would write today's date, too.
# And no program is left that makes whoever starts it root (su, mount, passwd …).
RUN echo '@APP@:x:@UID@:@UID@::/tmp:/usr/sbin/nologin' >>/etc/passwd \
    && echo '@APP@:x:@UID@:' >>/etc/group \
    && find / -xdev -type f -perm /6000 -exec chmod ug-s {} +
# The program belongs to root: whoever takes it over cannot change it.
COPY --from=build /out/usr/local/ /usr/local/
# HOME is where caches go: /tmp, a tmpfs if the program wants one (add `--tmpfs /tmp`).
ENV HOME=/tmp \
    PORT=@PORT@
# Above 1023, so no capability is needed to listen on it.
EXPOSE @PORT@
# A number, since Kubernetes cannot tell of a name that it is not root (runAsNonRoot). USER comes last: what is above
# needs root, what is below does not.
USER @UID@:@UID@
# Ubuntu's image has neither curl nor wget; its bash can open a connection, and that is enough to ask.
HEALTHCHECK --interval=30s --timeout=3s --start-period=5s --retries=3 \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/@PORT@ && printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3 && read -r _ status _ <&3 && (( status < 500 ))"]
ENTRYPOINT ["/usr/local/bin/@APP@"]
