# syntax=docker/dockerfile:1
# Three stages: GraphiQL, the virtual environment, and a small image without compilers, run by nobody in particular.

FROM node:22-bookworm-slim AS graphiql
WORKDIR /build/graphql_api/web/graphiql
COPY graphql_api/web/graphiql/package.json graphql_api/web/graphiql/package-lock.json graphql_api/web/graphiql/.npmrc ./
RUN npm ci
COPY graphql_api/web/graphiql/ ./
RUN npm run build

FROM python:3.12-slim-bookworm AS python
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/tintype
WORKDIR /build
# `full` has what finds faces, cuts out and reads JPEG XL; `base` is 300 MB smaller and does without.
ARG REQUIREMENTS=full
COPY requirements/base.txt requirements/full.txt requirements/build.txt requirements/
RUN /opt/tintype/bin/pip install --require-hashes -r requirements/${REQUIREMENTS}.txt \
    && python -m pip install --require-hashes -r requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY graphql_api/ graphql_api/
COPY schema/ schema/
COPY rest_compat/ rest_compat/
COPY --from=graphiql /build/graphql_api/web/static/graphiql/ graphql_api/web/static/graphiql/
RUN python -m pip wheel --no-deps --no-build-isolation --wheel-dir /dist . \
    && /opt/tintype/bin/pip install --no-deps /dist/*.whl

FROM python:3.12-slim-bookworm
# For texts on images.
RUN apt-get update && apt-get install -y --no-install-recommends fonts-dejavu-core && rm -rf /var/lib/apt/lists/*
RUN groupadd --gid 10001 tintype \
    && useradd --uid 10001 --gid tintype --no-create-home --shell /usr/sbin/nologin tintype \
    && install -d -o tintype -g tintype /data
COPY --from=python /opt/tintype /opt/tintype
ENV PATH=/opt/tintype/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    TINTYPE_DATA_DIR=/data
USER 10001:10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["tintype", "serve", "--host", "0.0.0.0"]
