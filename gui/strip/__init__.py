"""The strip below the roll: how the partner plays. See README.md."""
