"""The domain: plain functions, one transaction each. No web, no queue, no Redis, no HTTP."""
