#!/bin/sh
# Makes .venv hold exactly what a lock file says, and the `homeport` command. Called by make.
#
#     tools/setup.sh run    what the blog needs to run        (requirements.lock)
#     tools/setup.sh dev    that, and what its tests need     (requirements-dev.lock)
#
# A shell script, because it has to work before there is a Python that we know anything about. On Debian and Ubuntu the
# bare `python3` can make no environment with pip in it (that part is the package python3-venv), so pip is looked for in
# several places; only the last of them changes the system, and only where that needs no password.
#
# Running it again costs a few milliseconds: .venv keeps what it was made from, and nothing is done while that is the
# same. A moved folder, a new Python behind the same name or an install that was cut off makes .venv anew.
set -eu
cd "$(dirname "$0")/.."
here=$(pwd -P)

case ${1-} in
run) lock=requirements.lock ;;
dev) lock=requirements-dev.lock ;;
*)
    echo "usage: tools/setup.sh run|dev" >&2
    exit 2
    ;;
esac

say() { printf '%s\n' "$*"; }
give_up() {
    printf '%s\n' "$*" >&2
    exit 1
}

# --- what .venv was made from ---------------------------------------------------------------------------------------

whole=.venv/.homeport-whole # there only while no install is half done; says where .venv lies and on which Python

base() { say "$here" && .venv/bin/python -V 2>&1; }
wanted() { base && cat pyproject.toml "$1"; }
is_current() { wanted "$1" 2>/dev/null | cmp -s - ".venv/.homeport-$1"; }
is_whole() { base 2>/dev/null | cmp -s - "$whole"; }

is_current "$lock" && [ -f "$whole" ] && exit 0

# Two of us at once would install over each other. Where there is no flock (macOS), nobody has yet been in that hurry.
mkdir -p .build
exec 9>.build/setup.lock
if command -v flock >/dev/null 2>&1; then flock 9; fi
is_current "$lock" && [ -f "$whole" ] && exit 0

# --- a Python -------------------------------------------------------------------------------------------------------

find_python() {
    if [ -n "${PYTHON-}" ]; then set -- "$PYTHON"; else set -- python3 python3.14 python3.13 python3.12 python3.11; fi
    for python in "$@"; do
        if "$python" -c 'import sys, ssl, sqlite3, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            return
        fi
    done
    found=$("$1" -V 2>/dev/null) || found="no Python"
    give_up "Homeport needs Python 3.11 or later (complete, with ssl and sqlite3) and found $found:" \
        "install one (on Debian and Ubuntu: sudo apt install python3), or name it: make PYTHON=/path/to/python3.12"
}

# --- an environment with pip ----------------------------------------------------------------------------------------

scratch=
tidy() { [ -z "$scratch" ] || rm -rf "$scratch"; }
trap tidy EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Debian's package of pip's own wheel, fetched and unpacked into a folder of ours: needs no rights at all. The second
# try brings package lists of its own, for a machine that has none (a container image, a new installation).
unpack_debian_pip() {
    command -v apt-get >/dev/null 2>&1 && command -v dpkg-deb >/dev/null 2>&1 || return 1
    scratch=$(mktemp -d)
    chmod 755 "$scratch" # apt's own user fetches into it
    lists="-o Dir::State=$scratch/state -o Dir::State::status=/var/lib/dpkg/status -o Dir::Cache=$scratch/cache"
    mkdir -p "$scratch/state/lists/partial" "$scratch/cache/archives/partial"
    # shellcheck disable=SC2086 # $lists is several words on purpose
    (
        cd "$scratch"
        apt-get download python3-pip-whl || { apt-get $lists update && apt-get $lists download python3-pip-whl; }
        dpkg-deb -x python3-pip-whl_*.deb .
    ) >/dev/null 2>&1
}

add_wheel_of_pip() {
    for wheel in "$scratch"/usr/share/python-wheels/pip-*.whl /usr/share/python-wheels/pip-*.whl; do
        if [ -f "$wheel" ]; then
            PYTHONPATH=$wheel .venv/bin/python -m pip install --quiet --no-index "$wheel" && return
        fi
    done
    return 1
}

install_python_venv() {
    command -v apt-get >/dev/null 2>&1 || return 1
    as_root=
    [ "$(id -u)" = 0 ] || as_root="sudo -n"
    $as_root true 2>/dev/null || return 1
    say "Installing Debian's python3-venv."
    { $as_root apt-get install -y python3-venv || { $as_root apt-get update && $as_root apt-get install -y python3-venv; }; } \
        >/dev/null 2>&1
}

make_venv() {
    rm -rf .venv
    "$python" -m venv .venv >/dev/null 2>&1 && return
    "$python" -m venv --clear --without-pip .venv
    "$python" -m pip --python .venv/bin/python --version >/dev/null 2>&1 && return
    add_wheel_of_pip && return
    unpack_debian_pip && add_wheel_of_pip && return
    install_python_venv && "$python" -m venv --clear .venv >/dev/null 2>&1 && return
    give_up "Homeport needs pip once, to install its parts, and $python came without it:" \
        "type 'sudo apt install python3-venv' (or get pip for it in another way), then the same make command again."
}

pip() {
    if [ -x .venv/bin/pip ]; then
        .venv/bin/python -m pip "$@"
    else
        "$python" -m pip --python .venv/bin/python "$@"
    fi
}

# --- everything in its place ----------------------------------------------------------------------------------------

find_python
if ! is_whole; then
    say "Making .venv with $("$python" -V)."
    make_venv
fi
rm -f "$whole"
say "Installing what $lock lists; the first time this takes a minute or two."
pip install -qq --disable-pip-version-check --no-input --require-hashes -r "$lock" ||
    give_up "The packages of $lock could not be installed: the lines above say why. Nothing half-done is kept; run make again."
base >"$whole"
pip install -qq --disable-pip-version-check --no-input --no-deps --no-index --no-build-isolation --editable .
wanted "$lock" >".venv/.homeport-$lock"
if [ "$lock" = requirements-dev.lock ]; then
    wanted requirements.lock >.venv/.homeport-requirements.lock # the larger set holds the smaller one
fi
