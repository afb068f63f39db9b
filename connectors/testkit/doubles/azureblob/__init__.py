"""A strict double of one Azure storage account's Blob service: what a reader with a shared access signature meets."""
