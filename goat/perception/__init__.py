"""From observations to detections."""
