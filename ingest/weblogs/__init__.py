"""Access-log formats: programs of fields, the servers' own format strings, JSON and W3C logs, recognition."""
