"""Sources of the chart's Grafana dashboard and of docs/reference/alerts.md: `make dashboard`."""
