"""What a secret looks like. Nothing here knows of templates."""
