"""Detectors: an observation in, detections out."""
