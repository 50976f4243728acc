#!/bin/sh
# Runs one task of the project (start, dev, check, test, test:cluster, bench, build) on a machine that has Node 20 and npm, and maybe
# nothing else: installs what is missing, builds what is stale, then hands over. Plain POSIX sh, because before the
# packages are there nothing else can be relied on (docs/adr/0004-bootstrap-in-sh.md).
set -eu

# npm that is killed can pass nothing on: the kernel tells this script that it is gone, as a TERM, and the server goes with it.
case $1 in
  start | dev)
    if [ -z "${PODWIRE_TIED:-}" ] && command -v setpriv >/dev/null; then
      PODWIRE_TIED=1 exec setpriv --pdeathsig TERM sh "$0" "$@"
    fi
    unset PODWIRE_TIED
    ;;
esac

task=$1
shift
cd "$(dirname "$0")/.."
root=$PWD
started=$(date +%s)
dist_dir=${NEXT_DIST_DIR:-.next}

# Debian keeps ip, iptables and nft where an ordinary user's PATH does not look.
PATH=$PATH:${PODWIRE_SYSTEM_PATH:-/usr/sbin:/sbin}
export PATH NEXT_TELEMETRY_DISABLED=1

say() { printf 'podwire: %s\n' "$*"; }
die() {
  printf 'podwire: %s\n' "$*" >&2
  exit 1
}

# npm puts node_modules/.bin in front; the Node in there is the one npm ci is about to replace.
path_outside_project() {
  printf '%s' "$PATH" | tr ':' '\n' | grep -v '/node_modules/' | paste -sd: -
}

node26() { "$root/node_modules/.bin/node" "$@"; }

# digest_of FILE-OR-FOLDER...: one digest of names and contents; tests are left out, they end in no build.
digest_of() {
  for source in "$@"; do
    [ ! -e "$source" ] || find "$source" -type f ! -name '*.test.ts' ! -name '*.test.tsx' -print0
  done | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1
}

is_stale() { [ "$(cat "$1" 2>/dev/null)" != "$2" ]; }

# ---- one set-up at a time in a checkout -------------------------------------------------------------------------
lock_setup() {
  command -v flock >/dev/null || return 0
  mkdir -p .podwire
  exec 9>.podwire/setup.lock
  flock -n 9 && return 0
  say 'another set-up is running in this checkout; waiting for it'
  flock 9
}
unlock_setup() { exec 9>&-; }

# ---- Debian packages --------------------------------------------------------------------------------------------
# missing_packages COMMAND=PACKAGE...: the packages whose command (or file) is absent.
missing_packages() {
  for pair in "$@"; do
    probe=${pair%%=*}
    command -v "$probe" >/dev/null 2>&1 || [ -e "$probe" ] || printf '%s\n' "${pair#*=}"
  done | sort -u | paste -sd' ' -
}

ensure_debian_packages() {
  missing=$(missing_packages "$@")
  [ -n "$missing" ] || return 0
  command -v apt-get >/dev/null || die "missing on this machine: $missing. Install them with your package manager and run this again."
  install="apt-get install --no-install-recommends $missing"
  [ "$(id -u)" = 0 ] || die "missing Debian packages: $missing. Install them with: sudo $install"
  say "installing Debian packages: $missing"
  ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1 || apt_get update
  # shellcheck disable=SC2086 # a list of package names
  apt_get install -y --no-install-recommends $missing || {
    apt_get update
    # shellcheck disable=SC2086
    apt_get install -y --no-install-recommends $missing
  } || die "could not install: $missing. Try it by hand: $install"
}
apt_get() { DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@" 9>&-; }

# Container runtimes are for their own tests alone, which skip without them. Nothing is removed from the machine for them, and
# no daemon is started: without /run/systemd/system, maintainer scripts believe that no systemd runs.
install_runtimes() {
  # shellcheck disable=SC2016 # expanded by the inner shell
  DEBIAN_FRONTEND=noninteractive unshare --mount --propagation private sh -c '
    [ ! -d /run/systemd/system ] || mount -t tmpfs tmpfs /run/systemd || exit
    exec apt-get -qq -o Dpkg::Use-Pty=0 install -y --no-install-recommends --no-remove "$@"' sh "$@" 9>&-
}
offer_container_runtimes() {
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then return 0; fi
  offer_static_busybox
  missing=$(missing_packages containerd=containerd runc=runc podman=podman crun=crun conmon=conmon \
    /usr/lib/cni/loopback=containernetworking-plugins)
  [ -n "$missing" ] || return 0
  say "installing Debian packages for the tests with container runtimes: $missing"
  # shellcheck disable=SC2086 # a list of package names
  install_runtimes $missing || { apt_get update && install_runtimes $missing; } ||
    say "could not install: $missing. The tests that need them will be skipped."
}

# busybox-static cannot stand beside Debian's other busybox, which a machine may need: unless it is there, it is unpacked.
offer_static_busybox() {
  if [ -x .podwire/busybox-static ] || is_installed busybox-static; then return 0; fi
  say 'unpacking busybox-static for the tests with container runtimes'
  unpack_busybox || { apt_get update && unpack_busybox; } ||
    say 'could not unpack: busybox-static. The tests that need it will be skipped.'
  rm -rf .podwire/busybox-draft
}
is_installed() { [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }
# Downloaded as root: the user that apt has for downloads may not write here. The program's folder depends on the release.
unpack_busybox() {
  rm -rf .podwire/busybox-draft
  mkdir -p .podwire/busybox-draft
  (cd .podwire/busybox-draft && apt_get -o APT::Sandbox::User=root download busybox-static && dpkg -x ./*.deb .) &&
    find .podwire/busybox-draft -path '*/bin/busybox' -type f -exec mv {} .podwire/busybox-static \; &&
    [ -x .podwire/busybox-static ]
}

needs_lab() { [ "${PODWIRE_LAB:-auto}" != off ] && [ -z "${KUBECONFIG:-}" ] && [ -z "${KUBERNETES_SERVICE_HOST:-}" ]; }
ensure_lab_packages() { ensure_debian_packages ip=iproute2 iptables=iptables nft=nftables unshare=util-linux nsenter=util-linux; }

# ---- npm packages -----------------------------------------------------------------------------------------------
# Not `npm ci`: it wants the packages of every other platform in the lockfile, and a registry that mirrors one platform
# cannot put them there (docs/adr/0005-install-without-npm-ci.md). The lockfile is checked instead, before and after.
ensure_npm_packages() {
  command -v npm >/dev/null || die 'npm is missing. Install Node 20 or newer with npm, from your distribution or https://nodejs.org.'
  marker=node_modules/.podwire-installing
  if [ ! -e "$marker" ] && [ -x node_modules/.bin/node ] && node tools/is-install-current.mjs; then return 0; fi
  [ ! -e "$marker" ] || rm -rf node_modules
  say 'installing npm packages (a minute or two the first time)'
  mkdir -p node_modules
  : >"$marker"
  PATH=$(path_outside_project) npm install --no-save --no-audit --no-fund --loglevel=error 9>&- ||
    die 'npm install failed; the lines above say why. It needs the network once.'
  [ -x node_modules/.bin/node ] || die 'the npm package "node" did not install its executable. Are install scripts switched off (npm config get ignore-scripts)?'
  node tools/is-install-current.mjs || die 'the installed packages are not those of package-lock.json. Does it match package.json?'
  rm -f "$marker"
}

# ---- builds -----------------------------------------------------------------------------------------------------
ensure_executable() {
  wanted=$(digest_of plugin model package-lock.json)
  if [ -x dist/podwire ] && ! is_stale dist/.podwire-digest "$wanted"; then return 0; fi
  say 'building dist/podwire'
  node26 plugin/build.ts 9>&- || die 'could not build dist/podwire; the lines above say why.'
  printf '%s\n' "$wanted" >dist/.podwire-digest
}

ensure_web() {
  wanted=$(digest_of app components model public next.config.ts postcss.config.mjs tsconfig.json package-lock.json)
  if [ -e "$dist_dir/BUILD_ID" ] && ! is_stale "$dist_dir/.podwire-digest" "$wanted"; then return 0; fi
  say 'building the web app'
  rm -f "$dist_dir/.podwire-digest"
  node26 node_modules/next/dist/bin/next build 9>&- || die 'could not build the web app; the lines above say why.'
  printf '%s\n' "$wanted" >"$dist_dir/.podwire-digest"
}

ensure_image() {
  wanted=$(digest_of app components model plugin server deploy/Dockerfile deploy/assemble-image.ts deploy/build-image.ts \
    .dockerignore next.config.ts package.json package-lock.json)
  if [ -e dist/podwire-image.tar ] && ! is_stale dist/.podwire-image-digest "$wanted"; then return 0; fi
  ensure_debian_packages buildah=buildah mmdebstrap=mmdebstrap
  ensure_npm_packages
  say 'building dist/podwire-image.tar'
  rm -f dist/.podwire-image-digest
  node26 deploy/build-image.ts 9>&- || die 'could not build the image; the lines above say why.'
  printf '%s\n' "$wanted" >dist/.podwire-image-digest
}

find_cluster_obstacle() {
  if ! command -v go >/dev/null; then
    printf 'Go is missing, with which Kubernetes is built from its module'
  elif [ "$(id -u)" != 0 ]; then
    printf 'root is needed, for the cgroups and mounts of kubelets and container runtimes'
  elif ! command -v apt-get >/dev/null; then
    printf 'apt-get is missing, by which containerd and etcd come from Debian'
  elif [ ! -e /sys/fs/cgroup/memory/tasks ]; then
    printf 'no cgroups of version 1 are mounted, and the bench knows no others yet'
  fi
}

ensure_next_types() {
  [ -e next-env.d.ts ] || node26 node_modules/next/dist/bin/next typegen 9>&- >/dev/null
}

# ---- the server -------------------------------------------------------------------------------------------------
# A terminal sends Ctrl-C to every process and npm then sends it again. The server gets a session of its own and exactly
# one TERM, and it dies with this script whatever ends that.
run_server() {
  unlock_setup
  [ $(($(date +%s) - started)) -lt 5 ] || say "ready to start after $(($(date +%s) - started)) s"
  PATH=$root/node_modules/.bin:$PATH setsid setpriv --pdeathsig TERM "$root/node_modules/.bin/node" server/main.ts &
  server=$!
  trap 'trap "" INT TERM HUP; kill -TERM "$server" 2>/dev/null || :' INT TERM HUP
  code=0
  wait "$server" || code=$?
  # A signal ends the wait before the server has ended.
  while kill -0 "$server" 2>/dev/null; do
    code=0
    wait "$server" || code=$?
  done
  exit "$code"
}

hand_over() {
  unlock_setup
  PATH=$root/node_modules/.bin:$PATH
  export PATH
  exec "$root/node_modules/.bin/node" "$@"
}

lock_setup
case $task in
  start)
    if needs_lab; then ensure_lab_packages; fi
    ensure_npm_packages
    ensure_executable
    if [ "${PODWIRE_WEB:-on}" != off ]; then ensure_web; fi
    export NODE_ENV=production
    run_server
    ;;
  dev)
    if needs_lab; then ensure_lab_packages; fi
    ensure_npm_packages
    ensure_executable
    export PODWIRE_DEV=1
    run_server
    ;;
  build)
    ensure_npm_packages
    ensure_executable
    ensure_web
    say 'dist/podwire and the web app are up to date'
    ;;
  image)
    [ "$(id -u)" = 0 ] || die 'building an image without an engine needs root; with one: docker build -f deploy/Dockerfile .'
    ensure_image
    say 'dist/podwire-image.tar is up to date'
    ;;
  check)
    ensure_npm_packages
    ensure_next_types
    hand_over tools/run-checks.ts "$@"
    ;;
  test)
    ensure_lab_packages
    ensure_debian_packages chromium=chromium ping=iputils-ping ipset=ipset udhcpd=udhcpd /usr/lib/cni/bridge=containernetworking-plugins
    offer_container_runtimes
    ensure_npm_packages
    ensure_executable
    ensure_web
    # The chart's tests need helm: built from its module, once, where Go is.
    if command -v go >/dev/null; then node26 deploy/find-helm.ts 9>&-; fi
    hand_over tools/run-tests.ts "$@"
    ;;
  test:cluster)
    # Said before anything is installed for tests that cannot run.
    obstacle=$(find_cluster_obstacle)
    if [ -n "$obstacle" ]; then
      say "no tests with a real cluster here: $obstacle"
      exit 0
    fi
    ensure_lab_packages
    ensure_debian_packages /usr/sbin/runc=runc /usr/lib/cni/bridge=containernetworking-plugins setpriv=util-linux \
      chromium=chromium buildah=buildah mmdebstrap=mmdebstrap pgrep=procps
    ensure_npm_packages
    ensure_executable
    hand_over tools/run-cluster-tests.ts "$@"
    ;;
  bench)
    ensure_lab_packages
    ensure_debian_packages /usr/lib/cni/bridge=containernetworking-plugins jq=jq
    ensure_npm_packages
    ensure_executable
    hand_over bench/main.ts "$@"
    ;;
  *) die "unknown task: $task" ;;
esac
