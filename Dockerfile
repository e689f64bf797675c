FROM python:3.11-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends make \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /unlabelled
COPY . .
RUN make .venv/installed
ENTRYPOINT [".venv/bin/snakemake", "--workflow-profile", "workflow/profiles/default"]
CMD ["--cores", "2", "--configfile", "config/scales/demo.yaml"]
