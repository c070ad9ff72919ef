"""Scripts, pipelines and documents: which calls of Azure's tools are in them, and what these are passed."""
