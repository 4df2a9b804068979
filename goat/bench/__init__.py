"""Running goals against an embodiment and measuring how it went."""
