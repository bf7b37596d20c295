"""The bar at the top. See README.md."""
