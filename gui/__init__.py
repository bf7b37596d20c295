"""The window: PySide6, and the only place that knows Qt. Not built yet; `antiphon jam` plays."""
