# The weekly refit (docs/models.md#every-week): the command line, with what it needs to fit and to publish. Nothing else is deployed from it.
FROM python:3.13-slim
WORKDIR /app
# LightGBM needs it (docs/decisions/0025-trees.md).
RUN apt-get update && apt-get install -y --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/*
COPY requirements/refit.txt .
RUN pip install --no-cache-dir --require-hashes --only-binary :all: -r refit.txt
COPY src src
ENV PYTHONPATH=/app/src PYTHONUNBUFFERED=1
USER nobody
ENTRYPOINT ["python", "-c", "from regen.cli.main import main; main()"]
