"""What `meta-controller` does; the only place that prints."""
