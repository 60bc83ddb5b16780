"""`make demo`: a desk with example data, a shop's page with our widget, and a Chatra that is simulated."""
