"""A strict double of Apigee X: the management API, IAM, Cloud Logging, and proxies that obey security actions."""
