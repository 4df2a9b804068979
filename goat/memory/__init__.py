"""The semantic map, the instances and the matcher."""
