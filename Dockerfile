# Loadstone's one image: operator, load worker, CLI and probe, nothing else. The same file builds online and, with hack/image, offline
# on a base that is made from Debian's packages.
FROM debian:bookworm-slim AS build
ARG SOURCE_DATE_EPOCH=0
COPY hack/lib/packages /src/hack/lib/packages
RUN wanted="gcc libc6-dev cmake ninja-build pkg-config ca-certificates binutils $(sed '/^#/d' /src/hack/lib/packages)"; \
    dpkg -s $wanted >/dev/null 2>&1 || \
    { apt-get update && apt-get install -y --no-install-recommends $wanted && rm -rf /var/lib/apt/lists/*; }
COPY CMakeLists.txt CMakePresets.json /src/
COPY cmake /src/cmake
COPY pkg /src/pkg
COPY operator /src/operator
COPY hack/rootfs /src/hack/rootfs
WORKDIR /src
RUN cmake --preset release && cmake --build --preset release && hack/rootfs build/release/bin /out

FROM scratch
COPY --from=build /out/ /
USER 65532:65532
ENTRYPOINT ["/usr/bin/loadstone-operator"]
