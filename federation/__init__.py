"""Sharing what was learned, never what was played. It is off, and nothing of it is built yet.

Importing this package switches off what Flower would do unasked, before anything can import
Flower and whatever the user's environment says: telemetry, the question for updates, and the
installation of packages at run time. All three are on by default, and nothing leaves this machine
without consent.
"""

import os

os.environ["FLWR_TELEMETRY_ENABLED"] = "0"
os.environ["FLWR_DISABLE_UPDATE_CHECK"] = "1"
os.environ["FLWR_DISABLE_RUNTIME_DEPENDENCY_INSTALLATION"] = "1"
