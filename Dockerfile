# One site in /var/lib/papers, served and sent by one process. What is installed is what the lock names, by hash.
#
#   docker build --tag papers-newsletter . && docker run --rm --volume papers:/var/lib/papers papers-newsletter init
#
# docs/deploy/docker/compose.yaml runs it; docs/deployment.md says how.
FROM python:3.12-slim-bookworm AS build
COPY . /src
WORKDIR /src
RUN python -m venv /opt/newsletter \
 && /opt/newsletter/bin/pip install --no-cache-dir --require-hashes --requirement requirements.lock \
 && /opt/newsletter/bin/pip install --no-cache-dir --no-deps --no-build-isolation . \
 && touch /opt/newsletter/newsletter-image

FROM python:3.12-slim-bookworm
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates tini \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --home-dir /var/lib/papers --create-home papers
COPY --from=build /opt/newsletter /opt/newsletter
USER papers
WORKDIR /var/lib/papers
VOLUME /var/lib/papers
ENV PATH=/opt/newsletter/bin:$PATH PYTHONUNBUFFERED=1
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=60s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["tini", "--", "newsletter", "--site", "/var/lib/papers"]
CMD ["serve", "--web", "8000", "--web-host", "0.0.0.0"]
