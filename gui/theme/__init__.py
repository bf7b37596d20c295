"""How the window looks: palettes, style sheet, icons. See README.md."""
