"""The Sharing dock: what may help the shared model, off until the player says so. See README.md."""
