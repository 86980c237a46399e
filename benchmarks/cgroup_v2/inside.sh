# Runs inside of the machine that boot.py boots; what it prints between the marks is the result, as Markdown.
. /inside.env
export PYTHONPATH=$PROJECT/src PYTHONDONTWRITEBYTECODE=1 GODYNO_NO_COLOR=1
cd /tmp
godyno() { "$PYTHON" -m godyno "$@"; }
left() { find /sys/fs/cgroup -name 'godyno-*' | wc -l; }
told() { # what a capture's manifest says of its limits, and what the kernel counted
  "$PYTHON" -c 'import json, sys; found = json.load(open(sys.argv[1] + "/manifest.json"))
print({key: found[key] for key in ("limits", "peak")}, {"oom_kills": found["notes"]["oom_kills"]}, sep="\n")' "$1"
}
block() { echo; echo '```'; "$@" 2>&1 | sed 's/\x1b\[[0-9;]*m//g' | tail -25; echo '```'; echo; }

echo "== begin"
echo "Linux $(uname -r), $(sed -n 's/^cgroup2 /cgroup2 /p' /proc/mounts), controllers $(cat /sys/fs/cgroup/cgroup.controllers), under emulation: no timing here is one."
echo; echo "## A recording under a memory limit"
block godyno record -o memory --memory-limit 80MiB -- "$PYTHON" -c "x = bytearray(200 << 20)"
told memory.dyno
echo "Groups left: $(left)"

echo; echo "## A recording under a CPU quota"
block godyno record -o quota --cpu-quota 0.5 -- "$PYTHON" -c "
import time
end = time.monotonic() + 6
while time.monotonic() < end: pass"
told quota.dyno
echo "Groups left: $(left)"

echo; echo "## godyno quota --cgroup of a service that godyno did not start"
mkdir /sys/fs/cgroup/service.slice
echo "20000 100000" > /sys/fs/cgroup/service.slice/cpu.max
sh -c 'echo $$ > /sys/fs/cgroup/service.slice/cgroup.procs; while :; do :; done' & busy=$!
block godyno quota --cgroup /sys/fs/cgroup/service.slice --for 3s --recommend
kill $busy; wait $busy 2>/dev/null; sleep 1; rmdir /sys/fs/cgroup/service.slice

echo; echo "## kill -9 of a recorder, of a limited run, and of both their makers"
for at in 1 2 3; do # the command goes on to its end, as it does without a limit
  godyno record -o "killed$at" --memory-limit 200MiB --cpu-quota 0.5 -- sleep 6 >/dev/null 2>&1 & maker=$!
  for wait in $(seq 600); do [ "$(left)" -gt 0 ] && break; sleep 0.2; done
  sleep "$at"; had=$(left); kill -9 $maker; wait $maker 2>/dev/null
  for wait in $(seq 200); do [ "$(left)" -eq 0 ] && break; sleep 0.2; done
  echo "- kill $at: groups while it ran $had, after its command ended $(left)"
done

echo; echo "## The tests on real cgroups, run here"
cd "$PROJECT"
block timeout 1500 "$PYTHON" -m pytest -q -p no:cacheprovider --no-header -rs \
  tests/machine/test_cgroups.py tests/machine/test_cpu_quota.py tests/workload/test_limited.py
block timeout 1500 "$PYTHON" -m pytest -q -p no:cacheprovider --no-header -rs tests/recorder/test_session.py -k "memory_limit"
echo "Groups left: $(left)"
echo "== end"
