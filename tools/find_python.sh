#!/bin/sh
# Print a Python that Antiphon runs on (3.11 to 3.13, able to make a virtual environment), or say
# in a sentence why there is none. PYTHON=/path/to/python names one outright.
# 3.11 comes first: python-rtmidi has ready-made wheels for 3.11 and 3.12 only.

usable() {
    "$1" -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
        >/dev/null 2>&1
}

for candidate in ${PYTHON:-python3.11 python3.12 python3.13 python3 python}; do
    if usable "$candidate"; then
        echo "$candidate"
        exit 0
    fi
done

if [ -n "$PYTHON" ]; then
    echo "Antiphon cannot use PYTHON=$PYTHON: it needs Python 3.11, 3.12 or 3.13 with the venv module." >&2
else
    echo "Antiphon needs Python 3.11, 3.12 or 3.13 with the venv module, and found none." >&2
fi
echo "Debian, Ubuntu: apt-get install python3 python3-venv.  macOS: brew install python@3.11." >&2
echo "If you have one elsewhere: make PYTHON=/path/to/python3.11 venv" >&2
exit 1
