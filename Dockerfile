# The operator's image: no shell, no package manager, no pip; runs as 65532 with a read-only root.
#
#   make image                                 here, without any registry, on a Debian base
#   docker build --tag cognito-secret-operator .    anywhere else
#
# Both bases may be replaced, as long as they carry the same minor version of Python (wheels and
# bytecode are for one) and the same kind of C library:
#   BUILD_BASE  needs python3 with pip, and a shell
#   RUN_BASE    needs python3 on PATH, certificates, and nothing else
# The defaults are indexes of several architectures, pinned; renovate.json moves the digests.
ARG BUILD_BASE=docker.io/library/python:3.13-slim-trixie@sha256:3dd7cc108ec1493442514f5c2a871af6af0ec31d768ff6e378a93340c3b3db5f
ARG RUN_BASE=gcr.io/distroless/python3-debian13:nonroot@sha256:83aa8d4f74a4d7f7cf2d472054139bef71a927b76c680c0f2e1021d6b1d6d732

# hadolint ignore=DL3006
FROM ${BUILD_BASE} AS build
SHELL ["/bin/sh", "-eu", "-c"]
WORKDIR /build

# Two secrets are read if they are given, and leave no trace: pip's settings (an index of your own)
# and a certificate file for it, which the settings name as /run/secrets/certificates.
#   docker build --secret id=pip,src=$HOME/.config/pip/pip.conf .
COPY requirements/runtime.txt ./
RUN --mount=type=secret,id=pip,target=/etc/pip.conf \
    --mount=type=secret,id=certificates \
    python3 -m pip install --disable-pip-version-check --no-cache-dir --no-compile \
        --require-hashes --only-binary :all: --no-deps --target lib --requirement runtime.txt

# botocore describes 400 services, and the operator calls two. No script of a package is started.
RUN find lib/botocore/data -mindepth 1 -maxdepth 1 -type d \
        ! -name cognito-idp ! -name sts -exec rm -rf {} + \
    && rm -rf lib/bin lib/boto3/data lib/boto3/examples

COPY operator own

# Bytecode is made now, since nothing can be written later; it never asks for a source's time, so
# it stays valid whatever a builder does to times. Of the Kubernetes client's typed models and calls,
# which would be the half of it, three small models are loaded.
RUN python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash \
        -s /build -p /opt/cognito-secret-operator -x 'kubernetes/(aio/)?client/(api|models)/[^_]' lib own

# hadolint ignore=DL3006
FROM ${RUN_BASE}

# A distroless Python has no bytecode of its own library: each start would compile what it loads.
USER 0:0
RUN ["python3", "-c", "import compileall, py_compile, sysconfig; compileall.compile_dir(sysconfig.get_path('stdlib'), quiet=1, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)"]

# Only the two folders are searched, never the working directory or a home.
ENV PYTHONPATH=/opt/cognito-secret-operator/own:/opt/cognito-secret-operator/lib \
    PYTHONSAFEPATH=1 \
    PYTHONNOUSERSITE=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    LANG=C.UTF-8

# The lower layer changes with a dependency, the upper one with every release. Both are root's.
COPY --from=build /build/lib /opt/cognito-secret-operator/lib
COPY --from=build /build/own /opt/cognito-secret-operator/own
COPY LICENSE /licenses/LICENSE

WORKDIR /
USER 65532:65532
EXPOSE 8080
# Process 1 itself, without a shell between: it gets SIGTERM, and ends in order.
ENTRYPOINT ["python3", "-m", "cognito_secret_operator"]
CMD ["run"]

# Last, since they change most often.
ARG VERSION=unreleased
ARG REVISION=unknown
ARG SOURCE=unknown
# For the label `revision` of the metric build_info.
ENV CSO_REVISION=${REVISION}
LABEL org.opencontainers.image.title="cognito-secret-operator" \
      org.opencontainers.image.description="Rotates the secrets of Amazon Cognito app clients from Kubernetes" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}"
