"""Few-shot imitation for any body: the Meta-Controller, its demonstrations and its evaluation."""
