"""Tasks by body: each file has the body, what counts, and what is asked of it."""
