"""`python -m gui`: the same as `antiphon app`."""

from gui.command import main

raise SystemExit(main())
