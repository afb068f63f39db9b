"""HTTP archives (HAR): what a browser or a proxy recorded, with bodies."""
