"""`portcullis`: REST client and offline analysis of files."""
