# Shared by ./run, ./test and .ci/run: checks what a build needs and says exactly what to do.
# shellcheck shell=bash

say() { printf '%s\n' "$*" >&2; }

fail() {
  say "error: $1"
  shift
  for line in "$@"; do say "  $line"; done
  exit 1
}

# install PACKAGE... -- installs Debian packages when root, else says the command and stops.
install() {
  if [[ $EUID -eq 0 ]] && command -v apt-get >/dev/null; then
    say "installing with apt-get: $*"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >/dev/null
  else
    fail "missing system packages: $*" "on Debian or Ubuntu: sudo apt-get install -y $*"
  fi
}

# try_install PACKAGE... -- installs Debian packages if that can be done without asking; fails quietly otherwise.
try_install() {
  [[ $EUID -eq 0 ]] && command -v apt-get >/dev/null || return 0
  say "installing with apt-get: $*"
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@"; } \
    >/dev/null 2>&1 || say "$* could not be installed: the tests that need it are skipped"
}

need_swift() {
  local version=""
  if command -v swift >/dev/null; then
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
  fi
  if [[ -z $version || $(printf '%s\n' 6.3 "$version" | sort -V | head -n 1) != 6.3 ]]; then
    fail "Stoa needs Swift 6.3 or newer; found ${version:-none}" \
      "on Linux:" \
      "  curl -O https://download.swift.org/swiftly/linux/swiftly-$(uname -m).tar.gz" \
      "  tar zxf swiftly-$(uname -m).tar.gz && ./swiftly init --quiet-shell-followup" \
      "  . \"\$HOME/.local/share/swiftly/env.sh\" && swiftly install --use 6.3.1" \
      "elsewhere: https://www.swift.org/install"
  fi
}

# The C and C++ headers (swift-crypto contains C++), a linker, and git for fetching packages.
need_compiler() {
  [[ $(uname) == Linux ]] || return 0
  command -v git >/dev/null || install git ca-certificates
  # The clang of the toolchain: `swift` on the PATH may be a launcher that lies elsewhere.
  local toolchain probe='#include <cstdio>
#include <vector>
int main() {}'
  toolchain=$(swift -print-target-info | sed -n 's|.*"runtimeResourcePath": "\(.*\)/lib/swift".*|\1|p')
  "$toolchain/bin/clang++" -x c++ - -o /dev/null <<<"$probe" 2>/dev/null || install g++ libc6-dev
}

# build ARGUMENT... -- `swift build` with one line of progress; the whole output only when it fails.
build() {
  local log status=0 line width
  log=$(mktemp)
  if [[ -t 2 ]]; then
    width=$(tput cols 2>/dev/null || echo 80)
    swift build "$@" 2>&1 | tee "$log" | while IFS= read -r line; do
      printf '\r\033[K%.*s' "$((width - 1))" "$line" >&2
    done || status=$?
    printf '\r\033[K' >&2
  else
    say "building: swift build $*"
    swift build "$@" >"$log" 2>&1 || status=$?
  fi
  [[ $status -eq 0 ]] || cat "$log" >&2
  rm -f "$log"
  return "$status"
}
