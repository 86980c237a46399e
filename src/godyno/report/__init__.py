"""Reports: a document of blocks, rendered on a terminal, as Markdown, or as one HTML page."""
