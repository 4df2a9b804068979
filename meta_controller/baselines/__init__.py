"""What the Meta-Controller is compared with, on the same demonstrations."""
