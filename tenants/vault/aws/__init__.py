"""AWS KMS as root key: botocore signs, the egress sends."""
