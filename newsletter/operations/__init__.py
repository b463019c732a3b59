"""Operating a site: scheduler, shutdown, event log, metrics, doctor."""
