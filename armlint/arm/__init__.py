"""What a template is: its expressions, values, scopes, resources and order."""
