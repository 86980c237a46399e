"""What a thread's sleep was: by where it slept, by who ended it, and by what the calls of its process let it be."""

from __future__ import annotations

import bisect
import re
from collections.abc import Callable, Sequence

import numpy as np

from godyno.diagnose.processes import Process, whole
from godyno.diagnose.why import symbols
from godyno.diagnose.why.lanes import CALL, READY, RUN, SLEEP, Lane, Lanes
from godyno.diagnose.why.stacks import Stacks

# A process's files are closed after its end, when its memory is freed: of a compiler of 500 MB that took 29 ms.
_CLOSING_NS = {"sleep": 20_000_000, "pipe": 200_000_000}
_SOCKETS = frozenset({"socket", "accept", "accept4", "connect", "socketpair"})
_ACCEPTS = frozenset({"accept", "accept4"})
# A child that lives for less than the first is done before it could be asked; one that sleeps for the second of its life does little else.
_LIVES_S, _LITTLE_ELSE = 0.1, 0.9
_ENDING_NS = 100_000_000  # so long after a signal woke it at most, a process is gone, also beside others
# A main goroutine that runs for so much of the time between its waits, of which there are some, works itself.
_WORKS, _LEAST_WAITS = 0.1, 4
_DYING_NS = 2_000_000  # a child's end and who is woken by it lie so near at most
# What a thread sleeps in while the C library's resolver waits for an answer; what the goroutine calls then, and where the thread is.
_UNTOLD = ("poll", "network", "futex", "unknown", "")
_RESOLVING = ("getaddrinfo", "getnameinfo", "res_search", "res_nsearch", "cgoLookup", "cgoResSearch")
_C_POLLS = ("__poll", "poll", "__GI___poll", "__libc_poll", "ppoll", "__ppoll", "recvfrom", "__libc_recvfrom")
_TIMERS = ("hrtimer", "timer_interrupt", "run_timer")
_UNLOCKS = ("Mutex).Unlock", "Mutex).RUnlock", "mutex_unlock")
_PIPES = ("pipe_write", "pipe_read", "pipe_release")
_POLLED_NS = (
    2_000_000  # so long after the runtime heard of a pipe at most, the goroutine that waits for it goes on
)
# The calls by which something is sent.
_SENDS = {
    "network": re.compile(r"net\..*[wW]rite|.*sendto|.*sendmsg"),
    "pipe": re.compile(r"os\.\(\*File\)\.[wW]rite|syscall\.[wW]rite"),
}
_READS = (").Read", ").recvfrom", ").recvmsg")
_NETWORK = ("tcp_", "udp_", "net_rx", "sock_", "unix_stream", "unix_dgram", "napi_")


class Sleeps:
    """Names the sleeps of a capture's threads, and finds who ended them. ``processes`` are those of the capture."""

    def __init__(self, lanes: Lanes, stacks: Stacks, processes: Sequence[Process]) -> None:
        self.lanes, self.stacks = lanes, stacks
        # What looks from outside say that a process waited for between two instants, where there are any.
        self.seen_in: Callable[[int, int, int], str] = lambda pid, since_ns, t_ns: ""
        # Whether they look at a process's goroutines, and since when by what they say it waits to be asked again and again at an instant.
        self.looked_at: Callable[[int], bool] = lambda pid: False
        self.seen_idle: Callable[[int, int], int | None] = lambda pid, t_ns: None
        self._sends: dict[tuple[int, str], list[int]] = {}
        self._answers: dict[int, bool] = {}
        self._asked: dict[int, bool] = {}
        self._others_wake: dict[int, bool] = {}
        self._working: dict[tuple[int, int], bool] = {}
        self._numbered: dict[int, list[Process]] = {}
        self._children: dict[int, list[Process]] = {}
        for one in processes:
            self._numbered.setdefault(one.pid, []).append(one)
            self._children.setdefault(one.ppid, []).append(one)

    def named(
        self, lane: Lane, index: int, t_ns: int, stack: int, woke: int, calls: str
    ) -> tuple[str, int | None]:
        """What an interval of a thread until ``t_ns`` was, and the tid of who ended it: 0 an interrupt, None not known.

        ``stack`` is where it slept, ``woke`` where its waker was, ``calls`` what the goroutine on it had called.
        """
        since = lane.start[index]
        kind = self.stacks.facts(stack).slept_in if stack else ""
        waker = self._woken_by(lane, index, t_ns)
        if (stack or calls) and kind in _UNTOLD and self._asks_for_names(lane, stack, calls):
            return "dns", None
        slept, polled = kind, kind == "poll"
        kind = self._resolved(kind, waker, woke, self.stacks.polled(lane.tid, since) if polled else None)
        if kind == "lock" and self.looked_at(lane.pid) and self.stacks.idle_thread(stack):
            kind = "wait"  # that an unlocking made work for an idle thread does not tell for how long it was waited for
        by_thread = waker in self.lanes.threads
        if kind == "unknown" and waker is None and slept == "futex":
            busy = self._futex(lane, since, t_ns)
            kind, waker = ("wait", busy) if busy else (kind, waker)
        if kind in ("network", "sleep") and polled:
            kind = self._netpoll(kind, lane, stack, t_ns)
        elif kind == "wait" and not stack and by_thread and self._died(lane.pid, waker or 0, t_ns):
            kind = "child"
        if kind == "signal" and not by_thread and self.has_children(lane.pid):
            kind = "child"  # so wait shells, and whoever ends a child that takes too long
        if kind == "child" and not by_thread:
            waker = self._child(lane.pid, since, t_ns)  # a dying thread's wake-ups are not seen
            if waker is None and self._ends(lane.pid, t_ns):
                waker = self._living_child(lane.pid, t_ns) or None
        elif kind in ("sleep", "pipe") and polled and not by_thread:
            died = self._child(lane.pid, max(since, t_ns - _CLOSING_NS[kind]), t_ns)
            if died in self.lanes.threads:  # it closed a pipe as it died
                kind, waker = "child", died
        elif kind == "unknown" and not by_thread and self.has_children(lane.pid):
            seen = self.seen_in(lane.pid, since, t_ns)
            if seen in ("child", "signal") or (seen == "pipe" and not self.children_wait_for_it(lane.pid)):
                died = self._child(lane.pid, since, t_ns)
                other = died if died in self.lanes.threads else self._living_child(lane.pid, t_ns)
                kind, waker = (
                    ("pipe" if seen == "pipe" and died != other else "child", other)
                    if other
                    else (kind, waker)
                )
        return kind, waker

    def waited_for(self, lane: Lane, reason: str, stack: int, function: str = "") -> str:
        """What a goroutine of ``lane`` waited for, as ``symbols.waited_for`` tells it; in a program that only answers, reading is waiting
        to be asked, and so is the sleep of its main goroutine, which ends it some day.
        """
        frames = self.stacks.frames(stack)
        kind = symbols.waited_for(reason, frames, function)
        reads = kind == "network" and symbols.has([name for name, _ in frames] or [function], _READS)
        ends = kind == "sleep" and self.waits_for_its_end(lane)
        return "idle" if ends or (reads and self.only_answers(lane.pid)) else kind

    def waits_for_its_end(self, lane: Lane) -> bool:
        """Whether a goroutine that waits for a clock is the main one of a program that only answers, and leaves that to others."""
        return lane.goroutine == 1 and self.only_answers(lane.pid) and not self._works(lane)

    def idle_since(self, pid: int, t_ns: int) -> int | None:
        """Since when a process has waited to be asked again and again, where it does, and looks are to tell what it did meanwhile: which of
        its threads the scheduler wakes for what comes tells nothing of waits, and the path would be that of the one it happens to be on.
        Of a process that others wake, too, a chain of threads may lead to one of these.
        """
        since = self.seen_idle(pid, t_ns)
        return None if since is None or self._woken_by_others(pid) else since

    def _woken_by_others(self, pid: int) -> bool:
        """Whether any thread of another process ever woke one of this, but for the first time, when it started it."""
        if pid not in self._others_wake:
            mine = self.lanes.of_process.get(pid, ())
            columns = [self.lanes.threads[tid].columns for tid in mine]
            wakers = {
                whole(one.whys[why].get("waker"))
                for one in columns
                for why in np.unique(one.why[1:]).tolist()
            }
            self._others_wake[pid] = any(by in self.lanes.threads and by not in mine for by in wakers)
        return self._others_wake[pid]

    def has_children(self, pid: int) -> bool:
        """Whether a process started others."""
        return pid in self._children

    def children_wait_for_it(self, pid: int) -> bool:
        """Whether the children of a process do little but sleep until it wakes them: then it does not wait for any of them."""
        if pid not in self._asked:
            living = [one for one in self._children.get(pid, ()) if one.wall_s > _LIVES_S]
            self._asked[pid] = all(self._sleeps_for(one.pid, pid) for one in living)
        return self._asked[pid]

    def _sleeps_for(self, pid: int, other: int) -> bool:
        """Whether nearly all of a process's time is sleep that a thread of another one ended, or that did not end before it did."""
        found = (self.lanes.threads.get(tid) for tid in self.lanes.of_process.get(pid, ()))
        lanes = [lane for lane in found if lane is not None]
        if not lanes or not self.lanes.sees_wakeups:
            return False
        lived = slept = 0
        for lane in lanes:
            lived += lane.end[-1] - lane.start[0]
            for index, (start, end, state) in enumerate(zip(lane.start, lane.end, lane.state, strict=True)):
                waker = self.lanes.threads.get(next_waker(lane, index) or 0)
                if state == SLEEP and ((waker is not None and waker.pid == other) or end == lane.end[-1]):
                    slept += end - start
        return slept > _LITTLE_ELSE * lived

    def only_answers(self, pid: int) -> bool:
        """Whether a process has an address of its own on the network, and asks nobody: opens no connection, nor sends before it heard."""
        if pid not in self._answers:
            calls = self.stacks.calls(pid)
            if calls:
                self._answers[pid] = "bind" in calls and "connect" not in calls and not self._sent_first(pid)
            else:
                self._answers[pid] = self.stacks.sockets(pid) == {"listen"}
        return self._answers[pid]

    def _works(self, lane: Lane) -> bool:
        """Whether a goroutine, between its first wait and its last, does more than to look after others."""
        key = (lane.pid, lane.goroutine)
        if key not in self._working:
            waits = [index for index, state in enumerate(lane.state) if state == SLEEP]
            since, until = (lane.end[waits[0]], lane.start[waits[-1]]) if waits else (0, 0)
            ran = sum(end - start for start, end, state, _ in lane.between(since, until) if state == RUN)
            self._working[key] = len(waits) >= _LEAST_WAITS and ran > _WORKS * (until - since)
        return self._working[key]

    def _sent_first(self, pid: int) -> bool:
        """Whether a process without connections sent something before anything came: who asks over UDP has an address of its own, too."""
        if self.stacks.calls(pid) & _ACCEPTS:
            return False
        heard = min(
            (
                end
                for (of, _), lane in self.lanes.goroutines.items()
                if of == pid
                for end, state, why in zip(lane.end, lane.state, lane.why, strict=True)
                if state == SLEEP and why.get("reason") == "network"
            ),
            default=1 << 63,
        )
        sends = self.sends(pid, "network")
        return bool(sends) and sends[0] < heard

    def sends(self, pid: int, kind: str) -> list[int]:
        """When goroutines of a program's own began to send something over the ``network``, or into a ``pipe`` or file, in order."""
        if (pid, kind) not in self._sends:
            calls = _SENDS[kind]
            self._sends[pid, kind] = sorted(
                start
                for (of, number), lane in self.lanes.goroutines.items()
                if of == pid and not symbols.system_goroutine(self.lanes.roots.get((of, number), ""))
                for start, state, why in zip(lane.start, lane.state, lane.why, strict=True)
                if state == CALL and calls.match(str(why.get("function", "")))
            )
        return self._sends[pid, kind]

    def busy_thread(self, pid: int, but: set[int], t_ns: int) -> Lane | None:
        """The thread of a process that runs just before now, else the one that ran last."""
        best, last = None, -1
        for tid in self.lanes.of_process.get(pid, ()):
            lane = self.lanes.threads.get(tid)
            if lane is None or tid in but or lane.pid != pid or tid in self.stacks.watchmen:
                continue
            index = lane.before(t_ns)
            while index >= 0 and lane.state[index] != RUN and lane.end[index] > t_ns - 10**9:
                index -= 1
            if index >= 0 and lane.state[index] == RUN and min(lane.end[index], t_ns) > last:
                best, last = lane, min(lane.end[index], t_ns)
        return best

    def process(self, pid: int, t_ns: int) -> Process | None:
        """The process that has this number then."""
        found = [one for one in self._numbered.get(pid, ()) if one.t_start_ns <= t_ns + 10**9]
        return found[-1] if found else None

    def other_side(self, pid: int, t_ns: int) -> Lane | None:
        """Who, in another process, ended a poll of this one's just now by what it did to a pipe."""
        for tid in self.lanes.of_process.get(pid, ()):
            thread = self.lanes.threads[tid]
            index = bisect.bisect_right(thread.end, t_ns) - 1
            while index >= 0 and thread.end[index] > t_ns - _POLLED_NS:
                waker = next_waker(thread, index) if thread.state[index] == SLEEP else None
                other = self.lanes.threads.get(waker or 0)
                woke = self.stacks.woke(tid, thread.end[index])
                if other is not None and other.pid != pid and self.stacks.has(woke, _PIPES):
                    return other
                index -= 1
        return None

    def _futex(self, lane: Lane, since_ns: int, t_ns: int) -> int:
        """Who ended a wait at a futex where the record of it is missing, as those of the shortest states are in long recordings: one of
        the same process, so the one that ran last. 0 where none ran meanwhile, or goroutines tell.
        """
        window = self.lanes.traced.get(lane.pid)
        busy = self.busy_thread(lane.pid, {lane.tid}, t_ns)
        if busy is None or (window is not None and window[0] < t_ns <= window[1]):
            return 0
        index = busy.before(t_ns)
        while index >= 0 and busy.state[index] != RUN:
            index -= 1
        return busy.tid if index >= 0 and busy.end[index] > since_ns else 0

    def _woken_by(self, lane: Lane, index: int, t_ns: int) -> int | None:
        """The tid of who ended a thread's sleep now; 0 for an interrupt, None where that is not known."""
        if followed(lane, index, t_ns):
            return next_waker(lane, index)
        over = index + 1 < len(lane.start) and lane.end[index] == lane.start[index + 1] == t_ns
        return 0 if over and self.lanes.sees_wakeups else None

    def _child(self, pid: int, since_ns: int, t_ns: int) -> int | None:
        """The main thread of the child that died last, since then."""
        died = [one for one in self._children.get(pid, ()) if since_ns <= one.t_end_ns <= t_ns + 1_000_000]
        last = max(died, key=lambda one: one.t_end_ns, default=None)
        if last is None:
            return None
        lane = self.busy_thread(last.pid, set(), t_ns)
        return lane.tid if lane is not None else None

    def _living_child(self, pid: int, t_ns: int) -> int:
        """A thread of the child that will be the next to die: it is waited for, whatever woke its parent now. 0 where none is alive."""
        alive = [one for one in self._children.get(pid, ()) if one.t_start_ns < t_ns < one.t_end_ns]
        following = min(alive, key=lambda one: one.t_end_ns, default=None)
        lane = self.busy_thread(following.pid, set(), t_ns) if following is not None else None
        return lane.tid if lane is not None else 0

    def _ends(self, pid: int, t_ns: int) -> bool:
        """Whether a process ends soon after: who is ended while it waits has waited for who outlives it."""
        one = self.process(pid, t_ns)
        return one is not None and one.t_end_ns - t_ns < _ENDING_NS

    def _died(self, pid: int, tid: int, t_ns: int) -> bool:
        """Whether a child of this process, on whose thread it is, died just now."""
        of = self.process(self.lanes.threads[tid].pid, t_ns) if self.has_children(pid) else None
        return of is not None and of.ppid == pid and abs(of.t_end_ns - t_ns) < _DYING_NS

    def _resolved(self, kind: str, waker: object, woke: int, ready: int | None) -> str:
        """What a sleep was, now that it is known who ended it; of a poll, ``ready`` is what it gave back: 0 where its time was over."""
        timer = self.stacks.has(woke, _TIMERS)
        by_thread = isinstance(waker, int) and waker in self.lanes.threads
        if kind in ("futex", "", "signal", "kernel_wait"):
            if by_thread:
                return "lock" if self.stacks.has(woke, _UNLOCKS) else "wait"
            if waker == 0 or timer:
                return "sleep" if kind == "futex" or timer else kind or "unknown"
            return kind if kind in ("kernel_wait", "signal") else "unknown"
        if kind == "poll":
            if timer or ready == 0:
                return "sleep"
            if self.stacks.has(woke, _NETWORK):
                return "network"
            if by_thread:
                return "pipe" if self.stacks.has(woke, _PIPES) else "wait"
            return "sleep" if waker == 0 and not self.stacks.frames(woke) and ready is None else "network"
        return "child" if kind == "spawn" else kind

    def _netpoll(self, kind: str, lane: Lane, stack: int, t_ns: int) -> str:
        """What a Go program waits for where all its goroutines do and which of them is not known, by the calls that it makes at all.

        One who opens no sockets is at a pipe or the like; one who accepts connections and opens none waits to be asked. One who does
        both may wait for either, and a timer of a service may be a handler's or only a deadline.
        """
        calls = self.stacks.calls(lane.pid)
        traced = self.lanes.traced.get(lane.pid)
        within = traced is not None and traced[0] < t_ns <= traced[1]
        if not calls or within or "runtime.netpoll" not in self.stacks.facts(stack).user:
            return kind
        if calls & _ACCEPTS:
            return "idle" if kind == "network" and "connect" not in calls else "unknown"
        return kind if kind == "sleep" or calls & _SOCKETS else "pipe"

    def _asks_for_names(self, lane: Lane, stack: int, calls: str) -> bool:
        """Whether a thread is in the C library to have a name looked up: by what the goroutine called; without that, by its poll in a
        process that calls sendmmsg, as of the whole library only the resolver does, to ask for both kinds of addresses at once.
        """
        if calls:
            return symbols.has((calls,), _RESOLVING)
        leaf = self.stacks.facts(stack).user[:1]
        return bool(leaf) and leaf[0] in _C_POLLS and "sendmmsg" in self.stacks.calls(lane.pid)


def next_waker(lane: Lane, index: int) -> int | None:
    """The tid, or the goroutine, of who ended an interval, by the one after it."""
    return whole(lane.why[index + 1].get("waker")) if index + 1 < len(lane.why) else None


def followed(lane: Lane, index: int, t_ns: int) -> bool:
    """Whether an interval ended at ``t_ns`` and a wait for a CPU came after it, which tells who ended it."""
    return (
        lane.end[index] == t_ns
        and index + 1 < len(lane.start)
        and lane.start[index + 1] == t_ns
        and lane.state[index + 1] == READY
    )
