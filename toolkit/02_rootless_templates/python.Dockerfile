# A service in Python: about 50 MB to pull, nobody is root, nothing is written.
#
# Wants here: requirements.txt, and app.py, which listens on $PORT of all addresses (0.0.0.0).
#
#   docker build --tag myapp:rootless .
#   docker run --rm --publish 8080:8080 --read-only --cap-drop ALL --security-opt no-new-privileges myapp:rootless
#
# Made by `uc harden new python`. `uc harden audit .` checks it, `uc harden prove .` runs it and shows that it is true.

# A tag moves, a digest does not. Pin what you tested: `docker buildx imagetools inspect python:3.13-slim` prints the
# digest; write it behind the tag, as python:3.13-slim@sha256:…, here or with --build-arg.
ARG BASE_IMAGE=docker.io/library/python:3.13-slim

FROM ${BASE_IMAGE} AS build
# 0: what is built says no date. `docker buildx build --build-arg SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)` says
# that of the commit.
ARG SOURCE_DATE_EPOCH=0
# Without pip in it: what is not there is not attacked. The pip of the image fills it.
RUN python -m venv --without-pip /venv
# Requirements change more rarely than code: this layer is built again only when they do. Pin them with hashes
# (`uv pip compile --generate-hashes`), and pip refuses what is not the same.
COPY requirements.txt /tmp/requirements.txt
# Compiled here, since nothing can be written later; by content, so that no date gets in.
RUN python -m pip --python /venv/bin/python install --no-cache-dir --no-compile --requirement /tmp/requirements.txt \
    && python -m compileall -q --invalidation-mode unchecked-hash /venv

FROM ${BASE_IMAGE}
# A line for the number, so that programs which ask for their own name get one. useradd would write today's date, too.
# And no program is left that makes whoever starts it root (su, mount, passwd …).
RUN echo 'myapp:x:10001:10001::/tmp:/usr/sbin/nologin' >>/etc/passwd \
    && echo 'myapp:x:10001:' >>/etc/group \
    && find / -xdev -type f -perm /6000 -exec chmod ug-s {} +
# HOME is where caches go: /tmp, a tmpfs if the program wants one (add `--tmpfs /tmp`; gunicorn does).
ENV PATH=/venv/bin:$PATH \
    HOME=/tmp \
    PORT=8080 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /app
# All of it belongs to root: whoever takes the program over cannot change it. .dockerignore keeps out what is not wanted.
COPY --from=build /venv /venv
COPY . .
# Above 1023, so no capability is needed to listen on it.
EXPOSE 8080
# A number, since Kubernetes cannot tell of a name that it is not root (runAsNonRoot). USER comes last: what is above
# needs root, what is below does not.
USER 10001:10001
# An answer is enough, whatever it says: a page that is not there is an answer, an error of the server is none.
HEALTHCHECK --interval=30s --timeout=3s --start-period=5s --retries=3 \
    CMD ["python", "-c", "import http.client as h; c = h.HTTPConnection('127.0.0.1', 8080, timeout=2); c.request('GET', '/'); raise SystemExit(c.getresponse().status >= 500)"]
CMD ["python", "app.py"]
