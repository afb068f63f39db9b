"""What connectors to Google's APIs share: service account keys, access tokens, error answers, pages."""
