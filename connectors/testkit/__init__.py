"""What connectors are tested with: conformance suite, recorder and strict vendor doubles."""
