"""What the verbs of the `goat` command do; each module is imported when its verb is used."""
