"""A double of Google Cloud: compute's load balancing and Cloud Armor, address groups, Cloud Logging, IAM, a data plane."""
