#!/usr/bin/env bash
# The test suite under every supported Python that is at hand, each in an environment of its own
# (.venv-3.12 and so on); says which are not there. Fails if none is, or if a suite fails.
# Arguments go to pytest; VERSIONS="3.13" takes some only.
set -uo pipefail
cd "$(dirname "$0")/.."
supported="${VERSIONS:-3.11 3.12 3.13}"
passed="" failed="" absent=""

# The first interpreter of this version that runs: on the path (where a shim of pyenv may stand for
# one that is switched off), or among pyenv's own.
interpreter() {
    local candidate
    for candidate in "python$1" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$1".*/bin/python; do
        if "$candidate" -c 'import sys' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    return 1
}

for version in $supported; do
    if ! python=$(interpreter "$version"); then
        absent="$absent $version"
        continue
    fi
    echo "== Python $version"
    if make --no-print-directory PYTHON="$python" VENV=".venv-$version" ".venv-$version/.test" &&
        ".venv-$version/bin/python" -m pytest -n 2 --dist loadfile "$@"; then
        passed="$passed $version"
    else
        failed="$failed $version"
    fi
done
echo "passed:${passed:- none}; failed:${failed:- none}; not here:${absent:- none}"
[ -z "$failed" ] && [ -n "$passed" ]
