"""Ready configurations: GitHub Actions, GitLab CI, a volume on one machine.

What is keyed by what follows from what the caches hold: modules by go.sum alone, compiled packages by target, Go and the sources.
"""

from __future__ import annotations

from collections.abc import Sequence

from godyno.modcache.permissions import GROUP
from godyno.toolchain.go import Go

_GITHUB = """\
# GOMODCACHE: one for every target and runner, by go.sum alone. GOCACHE: one for each target; the newest that fits is taken, and what
# the commit changed is added.
jobs:
  build:
    strategy:
      matrix:
        target: [{targets}]
    runs-on: ${{{{ endsWith(matrix.target, 'arm64') && 'ubuntu-24.04-arm' || 'ubuntu-24.04' }}}}
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-go@v5
        with:
          go-version-file: go.mod
          cache: false # its key has the runner's OS and architecture in it, so modules are kept once for each
      - id: go
        run: |
          echo "version=$(go env GOVERSION)" >> "$GITHUB_OUTPUT"
          echo "GOOS=${{TARGET%/*}}" >> "$GITHUB_ENV"
          echo "GOARCH=${{TARGET#*/}}" >> "$GITHUB_ENV"
          echo "GOMODCACHE=$HOME/go-mod" >> "$GITHUB_ENV"
          echo "GOCACHE=$HOME/go-build" >> "$GITHUB_ENV"
        env: {{ TARGET: "${{{{ matrix.target }}}}" }}
      - uses: actions/cache@v4
        with:
          path: ~/go-mod/cache/download # zips and hashes; go extracts them again, which also heals edited files
          key: go-mod-${{{{ hashFiles('**/go.sum') }}}}
          restore-keys: go-mod-
          enableCrossOsArchive: true
      - uses: actions/cache@v4
        with:
          path: ~/go-build
          key: go-build-${{{{ matrix.target }}}}-${{{{ steps.go.outputs.version }}}}-${{{{ hashFiles('**/go.sum') }}}}-${{{{ github.sha }}}}
          restore-keys: |
            go-build-${{{{ matrix.target }}}}-${{{{ steps.go.outputs.version }}}}-${{{{ hashFiles('**/go.sum') }}}}-
            go-build-${{{{ matrix.target }}}}-${{{{ steps.go.outputs.version }}}}-
      - run: go build ./... && go vet ./...
"""

_GITLAB = """\
# GitLab keeps only what lies below the project, so both caches are put there; a dot keeps ./... out of them.
variables:
  GOMODCACHE: $CI_PROJECT_DIR/.go-mod
  GOCACHE: $CI_PROJECT_DIR/.go-build
  GOFLAGS: -modcacherw # the runner must be able to delete what it unpacked

build:
  image: golang:{minor}
  parallel:
    matrix:
{matrix}
  cache:
    - key: {{ files: [go.sum], prefix: go-mod }} # one for all targets
      paths: [.go-mod/cache/download]
    - key: go-build-$GOOS-$GOARCH-{minor}
      paths: [.go-build]
  script:
    - go build ./...
"""

_VOLUME = """\
#!/bin/sh
# One directory on a local disk for every builder of a machine (not on NFS: go's locks do not hold there). Run once, as root.
set -eu
dir=${{1:-/var/cache/go}} group=${{2:-{group}}}
getent group "$group" >/dev/null || groupadd --system "$group"
install -d -m 2775 -g "$group" "$dir" "$dir/mod"
for target in {dashed}; do install -d -m 2775 -g "$group" "$dir/build-$target"; done
cat >/etc/profile.d/go-caches.sh <<END
# For members of $group: what go makes must be writable by the group, extracted modules too.
umask 002
export GOMODCACHE=$dir/mod GOFLAGS=-modcacherw
export GOCACHE=$dir/build-\\$(go env GOOS)-\\$(go env GOARCH)
END
echo "Add each builder to the group: usermod -aG $group NAME"
"""


def configurations(go: Go, targets: Sequence[str]) -> dict[str, str]:
    """The configurations for ``targets``, by their file's name."""
    minor = ".".join(str(part) for part in go.release[:2])
    matrix = "\n".join(f"      - {{ GOOS: {t.split('/')[0]}, GOARCH: {t.split('/')[1]} }}" for t in targets)
    return {
        "github-actions.yml": _GITHUB.format(targets=", ".join(targets)),
        "gitlab-ci.yml": _GITLAB.format(minor=minor, matrix=matrix),
        "volume.sh": _VOLUME.format(
            group=GROUP, dashed=" ".join(target.replace("/", "-") for target in targets)
        ),
    }
