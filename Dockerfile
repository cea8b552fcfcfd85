# One image for all three programs. They are static and built outside (make build):
#   docker build -t ctilink/ctilink:dev .
# `make image` writes the same image without Docker.
FROM scratch
COPY bin/operator bin/runtime bin/ctisim /
USER 65532:65532
ENTRYPOINT ["/operator"]
