"""The user's Go: find it, its versions, targets, caches and modules, and the calls that build, test and vet
with it.
"""

from godyno.toolchain.caches import Cache, caches
from godyno.toolchain.env import go_env
from godyno.toolchain.find import find_go, selected_go
from godyno.toolchain.go import Go
from godyno.toolchain.invocation import PrivateCaches, build, install, test, vet
from godyno.toolchain.modules import (
    Module,
    Package,
    dependents,
    download_module,
    leaf_packages,
    module_info,
    packages,
    root_packages,
)
from godyno.toolchain.targets import Target, targets

__all__ = [
    "Cache",
    "Go",
    "Module",
    "Package",
    "PrivateCaches",
    "Target",
    "build",
    "caches",
    "dependents",
    "download_module",
    "find_go",
    "go_env",
    "install",
    "leaf_packages",
    "module_info",
    "packages",
    "root_packages",
    "selected_go",
    "targets",
    "test",
    "vet",
]
