# One image for web and jobs: `manage.py up` runs both, `up --only web` or `--only jobs` one of them.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PARSTOCK_VAR=/var/lib/parstock BIND=0.0.0.0
RUN useradd --system --home /app parstock && mkdir -p /var/lib/parstock && chown parstock /var/lib/parstock

WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY . .

USER parstock
VOLUME /var/lib/parstock
EXPOSE 8000
HEALTHCHECK CMD python -c "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health/live', timeout=3)"
# Give the container a stop timeout longer than STOP_SECONDS; a job that is cut off is taken up again.
ENTRYPOINT ["python", "manage.py"]
CMD ["up"]
