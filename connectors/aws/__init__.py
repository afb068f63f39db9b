"""The AWS connector: API Gateway (REST and HTTP APIs) and WAFv2. Start at ``manifest``; see docs/connectors/aws.md."""
