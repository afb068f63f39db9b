"""What doubles of Google's APIs share: routes and schemas from discovery documents, tokens, errors, paging."""
