"""Parts of the ingest measurement: generated logs, what a run costs, and the pipelines it is compared with."""
