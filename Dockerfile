# The worker, the gateway and the stand-ins in one image; the command decides which of them it is.
FROM python:3.13-slim AS wheel
WORKDIR /src
COPY requirements/build.txt requirements/
RUN pip install --no-cache-dir --require-hashes -r requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY escalation escalation
RUN hatchling build -t wheel -d /dist

FROM python:3.13-slim
WORKDIR /app
COPY requirements/runtime.txt requirements/
RUN pip install --no-cache-dir --require-hashes -r requirements/runtime.txt
COPY --from=wheel /dist /dist
RUN pip install --no-cache-dir --no-deps /dist/*.whl && rm -r /dist \
    && useradd --system --create-home --uid 10001 escalation \
    && install --directory --owner escalation --mode 700 /var/lib/escalation
# The application is not part of the wheel: it runs from here.
COPY worker.py ./
COPY workflows workflows
COPY activities activities
USER escalation
# The root may be read-only: what is kept lies in ESCALATION_DATA_DIR, for which there is a folder to mount.
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 ESCALATION_DATA_DIR=/var/lib/escalation
# SIGTERM lets the worker finish the sends it has begun.
STOPSIGNAL SIGTERM
CMD ["python", "worker.py"]
