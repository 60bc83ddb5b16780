"""Alerts: what agents hear of, on open pages and by Web Push."""
