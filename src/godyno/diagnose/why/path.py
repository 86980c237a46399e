"""The critical path of a run through time: walked backward from its end, always to what had to happen for it to go on.

While a thread runs or waits for a CPU, the time is its own. Where it slept until another thread of the tree woke it, the path
crosses to that one at the moment of the wake-up; where an interrupt woke it (a timer, the disk, the network), what it slept in
is on the path. Where an execution trace tells of goroutines the same walk goes over them, and down to the thread below
while one runs. This is the analysis of wake-up chains of KUtrace and of Perfetto's critical path, with one difference: the
path does not return to a waiter for the time before it waited, as its work then held nothing up. It does return to one who waited for
another process or for a lock, and from one who slept for reasons that tell nothing of the time before somebody waited for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from godyno.diagnose.processes import Process, whole
from godyno.diagnose.why import symbols
from godyno.diagnose.why.handovers import Handovers
from godyno.diagnose.why.lanes import CALL, READY, RUN, SLEEP, Lane, Lanes
from godyno.diagnose.why.pieces import Piece, Wait
from godyno.diagnose.why.programs import is_driver
from godyno.diagnose.why.servers import Servers
from godyno.diagnose.why.sleeps import Sleeps, followed, next_waker
from godyno.diagnose.why.stacks import Stacks

# What is waited for elsewhere in the tree, and so is no answer by itself.
_CROSSED = ("channel", "lock", "wait", "child", "pipe", "futex", "poll")
# Sleeps that say nothing of the time before somebody waited for them: a reader of answers sleeps also while nobody has asked. Who waits
# for a name, a connection or a handshake has asked for it himself.
_IDLE = (
    "unknown",
    "channel",
    "gc_wait",
    "observer",
    "idle",
    "kernel_wait",
    "lock",
    "network",
    "pipe",
)
_BLOCKED_IN_C = ("wait", "lock", "sleep", "network", "kernel_wait", "unknown")
_SHORT_NS = 100_000


class Walk:
    """Walks the path of a capture backward. ``processes`` are those of the capture."""

    def __init__(self, lanes: Lanes, stacks: Stacks, processes: Sequence[Process]) -> None:
        self.lanes, self.stacks = lanes, stacks
        self.sleeps = Sleeps(lanes, stacks, processes)
        self.servers = Servers(lanes, stacks)
        self.handovers = Handovers(lanes)
        self.pieces: list[Piece] = []

    def from_end(self, lane: Lane, t_end_ns: int, t_start_ns: int) -> list[Piece]:
        """The pieces of the path that ends on ``lane``, in order of time; they cover the window without holes.

        What a process does between the end of its execution trace and its own is the writing of what godyno asked of it.
        """
        self.pieces = []
        self.begin, self.t = t_start_ns, t_end_ns
        self._call, self._call_where = False, ""
        self.lane: Lane | None = lane
        self.via: tuple[Wait, ...] = ()
        self.floor: tuple[Lane, int] | None = None
        traced = self.lanes.traced.get(lane.pid)
        if lane.goroutine and traced is not None:
            self._put(traced[1], SLEEP, "observer", lane)
        self.seen: set[tuple[int, int, int]] = set()
        self.waiters: dict[int, Lane] = {}  # of each lane that the path crossed to: who waited for it last
        while self.t > self.begin:
            t_ns, lane, floor = self.t, self.lane, self.floor
            if lane is None:
                self._put(self.begin, READY, "unknown", None)
                break
            self._step(lane)
            if (
                self.t == t_ns and self.lane is lane and self.floor == floor
            ):  # nothing moved: a forged capture
                self._put(self.begin, SLEEP, "unknown", None)
        self.pieces.reverse()
        return self.pieces

    # ---- one step

    def _step(self, lane: Lane) -> None:
        if self.floor is not None and self.t <= self.floor[1]:
            self.lane, self.floor = self.floor[0], None
            return
        index = lane.before(self.t)
        if index < 0:
            self._born(lane)
            return
        low = lane.start[index]
        if lane.end[index] < self.t:
            self._hole(lane, index)
        elif lane.goroutine:
            self._goroutine(lane, index, low)
        else:
            self._thread(lane, index, low)

    def _hole(self, lane: Lane, index: int) -> None:
        """States that were too short to be kept: on the goroutine's thread, else unknown."""
        low = lane.end[index]
        if lane.goroutine:
            tid = (
                lane.thread[index + 1]
                if index + 1 < len(lane.thread) and lane.thread[index + 1]
                else lane.thread[index]
            )
            thread = self.lanes.threads.get(tid)
            if thread is not None and thread.pid == lane.pid and thread.before(self.t) >= 0:
                self.lane, self.floor, self._call, self._call_where = thread, (lane, low), False, ""
                return
        self._put(low, SLEEP, "unknown", lane)

    def _thread(self, lane: Lane, index: int, low: int) -> None:
        state = lane.state[index]
        if self.floor is None and self.lanes.traced and self._onto_goroutine(lane, state):
            return
        if self.floor is None and (since := self.sleeps.idle_since(lane.pid, self.t)) is not None:
            self._put(since, SLEEP, "unknown", lane)
            if self.lane is lane:  # it did not go back to who waited for the process
                self._enter(self.sleeps.busy_thread(lane.pid, set(), self.t) or lane)
            return
        if state != SLEEP:
            self._put(low, state, "", lane)
            return
        stack = self.stacks.slept(lane.tid, low)
        woke = self.stacks.woke(lane.tid, self.t)
        calls = self._call_where if self.floor is not None and self._call else ""
        kind, waker = self.sleeps.named(lane, index, self.t, stack, woke, calls)
        if kind in _BLOCKED_IN_C and symbols.calls_c(calls):
            kind, waker = "cgo", None  # whatever C waits for, it is C that is waited for
        where = (calls if kind in ("dns", "cgo") else "") or self.stacks.facts(stack).own
        if kind in ("wait", "child", "pipe", "lock") and waker in self.lanes.threads:
            other = self._waker(lane, waker or 0, woke)
            aside = self._aside(other) if other is not None and other.pid == lane.pid else ""
            if not aside and other is not None and self._within_runtime(lane, other):
                aside = "kernel_wait"
            if aside:
                self._sleep(low, aside, lane, stack, where)
                return
            if other is not None and self._cross(
                other, Wait(low, self.t, kind, lane, stack, woke, where, self.stacks.facts(woke).own)
            ):
                return
        self._sleep(low, "unknown" if kind == "wait" else kind, lane, stack, where)

    def _aside(self, lane: Lane) -> str:
        """What waiting for this lane now is, where it is the runtime's own or godyno's: nobody waits for what these wait for."""
        if not lane.goroutine:
            on_it = self.lanes.goroutine_at(lane.pid, lane.tid, self.t)
            if on_it is None:
                return ""
            lane = on_it
        return symbols.system_goroutine(self.lanes.roots.get((lane.pid, lane.goroutine), ""))

    def _sleep(self, low: int, kind: str, lane: Lane, stack: int, where: str) -> None:
        """A sleep that is on the path itself. One that tells nothing ends where somebody began to wait for this lane: before
        that the path is that one's.
        """
        main = self.lanes.goroutines.get((lane.pid, 1))
        inside = any(one.lane.pid == lane.pid for one in self.via)
        if lane.goroutine and self.floor is None and self._aside(lane) and not inside and main is not None:
            step = (id(lane), id(main), self.t)
            if step not in self.seen and self._enter(main):
                self.seen.add(step)
                return
        via = [one for one in self.via if low < one.t_start_ns < self.t] if self.via else []
        goes_back = self.floor is None and self._goes_back(kind, lane)
        if via and goes_back:
            back = max(via, key=lambda one: one.t_start_ns)
            self._put(back.t_start_ns, SLEEP, kind, lane, stack, where)
            if back.lane.before(self.t) >= 0:
                self._before(back)
            return
        if goes_back and self._back_to_waiter(low, kind, lane, stack, where):
            return
        if kind == "idle" and self.floor is None and (busy := self._meanwhile(lane)) is not None:
            step = (id(lane), id(busy), self.t)
            if step not in self.seen and self._enter(busy):
                self.seen.add(step)
                return
        self._put(low, SLEEP, kind, lane, stack, where)

    def _goes_back(self, kind: str, lane: Lane) -> bool:
        """Whether a sleep that goes on now says nothing of the time before somebody waited for it."""
        if kind in ("sleep", "tick") and lane.goroutine:
            return self.handovers.unwanted(lane, lane.before(self.t))
        return kind in _IDLE and lane.goroutine != 1

    def _back_to_waiter(self, low: int, kind: str, lane: Lane, stack: int, where: str) -> bool:
        """Whether the path went back to who had waited for this lane, in whose time before its wait the path is still here. If that
        one waits again, this sleep is its until it began to.
        """
        waiter = self.waiters.get(id(lane))
        index = waiter.before(self.t) if waiter is not None else -1
        if waiter is None or index < 0 or waiter.end[index] < self.t:
            return False
        if lane.goroutine and not waiter.goroutine and waiter.pid == lane.pid:
            return False  # a thread below waits for whatever its goroutines do
        if any(one.lane is waiter and one.kind == "child" for one in self.via):
            return False  # a parent that still waits for this one is at nothing else
        step = (id(lane), id(waiter), self.t)
        again = waiter.state[index] == SLEEP and next_waker(waiter, index) == (lane.goroutine or lane.tid)
        since = waiter.start[index] if again else self.t
        if since <= low or step in self.seen:
            return False
        self.seen.add(step)
        self._put(since, SLEEP, kind, lane, stack, where)
        self._enter(waiter)
        return True

    def _meanwhile(self, idle: Lane) -> Lane | None:
        """What a program did while one of its goroutines waited to be asked: what its main one did, or waited for. None where that,
        too, waits to be asked, or for what is not known.
        """
        main = self.lanes.goroutines.get((idle.pid, 1))
        index = main.before(self.t) if main is not None else -1
        if main is None or main is idle or index < 0 or main.end[index] < self.t:
            return None
        if main.state[index] != SLEEP:
            return main
        stack = self.stacks.waited(main.pid, 1, main.end[index])
        why = main.why[index]
        kind = self.sleeps.waited_for(main, str(why.get("reason", "")), stack, str(why.get("function", "")))
        if kind not in _CROSSED:
            return None if kind == "idle" else main
        waker = next_waker(main, index) or whole(why.get("waker"))
        other = self.lanes.goroutines.get((main.pid, waker or 0))
        return None if other is None or other is idle or self._aside(other) else other

    def _onto_goroutine(self, lane: Lane, state: int) -> bool:
        """From a thread of a traced process to what it ran; where that was only the scheduler, to what main's goroutine did."""
        window = self.lanes.traced.get(lane.pid)
        if window is None or not window[0] < self.t <= window[1]:
            return False
        on_it = self.lanes.goroutine_at(lane.pid, lane.tid, self.t) if state == RUN else None
        if on_it is not None:
            return self._enter(on_it)
        main = self.lanes.goroutines.get((lane.pid, 1))
        step = (id(lane), id(main), self.t)
        if main is None or step in self.seen or lane.tid not in self.lanes.runs_on:
            return False
        self.seen.add(step)
        return self._enter(main)

    def _within_runtime(self, lane: Lane, other: Lane) -> bool:
        """Whether one of the scheduler's threads woke another, which says nothing of the goroutine that is on it."""
        return (
            self.floor is not None
            and other.pid == lane.pid
            and other.tid in self.lanes.runs_on
            and self.lanes.goroutine_at(other.pid, other.tid, self.t) is None
        )

    def _goroutine(self, lane: Lane, index: int, low: int) -> None:
        state = lane.state[index]
        if state == CALL and self._aside(lane) == "idle":  # it takes signals all its life
            self._sleep(low, "idle", lane, 0, str(lane.why[index].get("function", "")))
            return
        if state in (RUN, CALL):
            thread = self.lanes.threads.get(lane.thread[index])
            if thread is not None and thread.pid == lane.pid and thread.before(self.t) >= 0:
                first = self._same_thread(lane, index)
                self.lane, self.floor = thread, (lane, lane.start[first])
                self._call = state == CALL and first == index
                self._call_where = str(lane.why[index].get("function", "")) if first == index else ""
            else:
                where = str(lane.why[index].get("function", ""))
                self._put(low, state, "", lane, 0, where, call=low if state == CALL else 0)
            return
        why = lane.why[index]
        if state == READY:
            waker = why.get("waker")
            runs_next = lane.thread[index + 1] if index + 1 < len(lane.thread) else 0
            self._put(low, READY, "", lane, tid=runs_next)
            if index == 0 and isinstance(waker, int) and self.lane is lane and self.t == low:
                made_by = self.lanes.goroutines.get((lane.pid, waker))
                if made_by is not None and made_by.before(self.t) >= 0:
                    self._enter(made_by)
            return
        self._waiting(lane, index, low, why)

    def _same_thread(self, lane: Lane, index: int) -> int:
        """The first of the short intervals in which the goroutine went in and out of calls on one thread; its samples tell them apart."""
        while (
            index > 0
            and lane.end[index] - lane.start[index] < _SHORT_NS
            and lane.end[index - 1] == lane.start[index]
            and lane.thread[index - 1] == lane.thread[index]
            and lane.state[index - 1] in (RUN, CALL)
            and lane.end[index - 1] - lane.start[index - 1] < _SHORT_NS
        ):
            index -= 1
        return index

    def _waiting(self, lane: Lane, index: int, low: int, why: Mapping[str, object]) -> None:
        stack = self.stacks.waited(lane.pid, lane.goroutine, lane.end[index])
        function = str(why.get("function", ""))
        kind = self.sleeps.waited_for(lane, str(why.get("reason", "")), stack, function)
        after = lane.why[index + 1] if followed(lane, index, self.t) else {}
        where = self.stacks.facts(stack).own or function
        by = whole(after.get("waker", why.get("waker"))) or next_waker(lane, index) or 0
        if kind in _CROSSED:
            kind = symbols.system_goroutine(self.lanes.roots.get((lane.pid, by), "")) or kind
        # Whoever ends a wait later is waited for also where the path comes to it while it lasts: from a child, say.
        if kind in _CROSSED and by > 0:
            other = self.lanes.goroutines.get((lane.pid, by))
            ended = str(after.get("function", ""))
            wait = Wait(low, self.t, kind, lane, stack, 0, where, ended, (lane.pid, by))
            if other is not None and self._cross(other, wait):
                return
        if kind == "pipe" and self.t == lane.end[index]:
            other = self.sleeps.other_side(lane.pid, self.t)
            if other is not None and self._cross(other, Wait(low, self.t, kind, lane, stack, 0, where)):
                return
        if kind == "network" and self.t == lane.end[index]:
            answer = self.servers.answering(lane, low, self.t)
            if answer is not None:
                self._put(
                    answer[1], SLEEP, kind, lane, stack, where
                )  # from its being sent until somebody heard of it
                if self.t == answer[1] and self._cross(
                    answer[0], Wait(low, self.t, kind, lane, stack, 0, where)
                ):
                    return
        if (
            kind in ("network", "channel")
            and self.t < lane.end[index]
            and _asks(self.stacks.facts(stack).user)
        ):
            server = self.servers.at_work(lane, self.t)  # the path came back to it while it still waits
            if server is not None and self._cross(
                server, Wait(low, self.t, "network", lane, stack, 0, where)
            ):
                return
        if kind == "channel" and not by:
            # A timer sent; or nothing had come when all was over. Who ends a service at some time waits for that while others are asked.
            ends = index + 1 == len(lane.start) or self.sleeps.waits_for_its_end(lane)
            kind = "idle" if ends else "tick"
        self._sleep(low, "unknown" if kind == "wait" else kind, lane, stack, where)

    # ---- where to go on

    def _cross(self, other: Lane, wait: Wait) -> bool:
        if other.before(self.t) < 0 or wait.lane is other:
            return False
        step = (id(wait.lane), id(other), self.t)
        if step in self.seen:
            return False
        self.seen.add(step)
        if not other.goroutine:
            on_it = self.lanes.goroutine_at(other.pid, other.tid, self.t)
            other = on_it if on_it is not None and on_it is not wait.lane else other
        self.lane, self.floor = other, None
        apart = other.pid != wait.lane.pid and not is_driver(self.sleeps.process(wait.lane.pid, self.t))
        if apart or (wait.kind == "lock" and wait.lane.goroutine):
            wait = replace(wait, back=True)
        self.waiters[id(other)] = wait.lane
        self.via = (*(one for one in self.via if one.t_start_ns < self.t), wait)
        return True

    def _enter(self, lane: Lane) -> bool:
        if lane.before(self.t) < 0:
            return False
        self.lane, self.floor = lane, None
        return True

    def _before(self, wait: Wait) -> None:
        """Goes on with who waited, in the time before that; what was waited for within it was so for its sake."""
        self.lane, self.floor = wait.lane, None
        self.via = self.via[
            : next((index for index, one in enumerate(self.via) if one is wait), len(self.via))
        ]

    def _waker(self, lane: Lane, tid: int, woke: int) -> Lane | None:
        """Who to go on with. The runtime's watchman hands processors on; it is not what was waited for."""
        if tid in self.stacks.watchmen or (woke and "runtime.sysmon" in self.stacks.facts(woke).user):
            return self.sleeps.busy_thread(lane.pid, {lane.tid, tid}, self.t)
        return self.lanes.threads[tid]

    def _born(self, lane: Lane) -> None:
        """The lane begins here: on to what made it."""
        if lane.goroutine:
            starter = self.lanes.goroutines.get(
                (lane.pid, self.lanes.parents.get((lane.pid, lane.goroutine), 0))
            )
            if starter is not None and starter is not lane and self._enter(starter):
                return
            window = self.lanes.traced[lane.pid]
            main = self.lanes.goroutines.get((lane.pid, 1))
            if (
                main is not None
                and main is not lane
                and lane.start[0] > window[0] + 1_000_000
                and self._enter(main)
            ):
                # A timer made it: what the program did meanwhile is what its main goroutine did, or waited for until then.
                index = main.before(self.t)
                waits = main.state[index] == SLEEP and main.end[index] >= self.t
                if waits and any(one.lane is main and one.kind == "channel" for one in self.via):
                    kind = "idle" if self.sleeps.waits_for_its_end(main) else "tick"
                    self._put(
                        main.start[index], SLEEP, kind, main, 0, str(main.why[index].get("function", ""))
                    )
                return
            tid = lane.thread[0] if lane.thread and lane.thread[0] else lane.pid
            thread = self.lanes.threads.get(tid) or self.lanes.threads.get(lane.pid)
            thread = (
                thread
                if thread is not None and thread.before(self.t) >= 0
                else self.sleeps.busy_thread(lane.pid, set(), self.t)
            )
            self.lane, self.floor = thread, None
            return
        maker = (
            self.lanes.threads.get(whole(lane.why[0].get("waker")) or 0) if lane.state[0] == READY else None
        )
        if maker is not None and maker is not lane and maker.before(self.t) >= 0:
            self.lane, self.floor = maker, None
            return
        other = self.sleeps.busy_thread(lane.pid, {lane.tid}, self.t)
        if other is None:
            process = self.sleeps.process(lane.pid, self.t)
            other = self.sleeps.busy_thread(process.ppid, set(), self.t) if process and process.ppid else None
        self.lane, self.floor = other, None

    # ---- pieces

    def _put(
        self, low: int, state: int, kind: str, lane: Lane | None, stack: int = 0, where: str = "", call: int = 0,
        tid: int = 0,
    ) -> None:  # fmt: skip
        low = max(low, self.begin)
        goroutine = lane.goroutine if lane else 0
        if self.floor is not None:
            low = max(low, self.floor[1])
            goroutine, call = self.floor[0].goroutine, self.floor[1] if self._call else 0
            where = where or self._call_where
        while self.t > low:
            cut, back, over = low, None, False
            for one in self.via:
                if one.t_start_ns >= self.t:
                    over = True
                    continue
                if one.t_start_ns > cut:
                    cut, back = one.t_start_ns, None
                if one.back and back is None and one.t_start_ns == cut:
                    back = one
            if over:
                self.via = tuple([one for one in self.via if one.t_start_ns < self.t])
            piece = Piece(
                cut, self.t, state, kind, lane.pid if lane else 0, tid or (lane.tid if lane else 0), goroutine, stack, self.via, call,
                where,
            )  # fmt: skip
            if kind == "unknown" and self.pieces and _go_on(piece, self.pieces[-1]):
                self.pieces[-1].t_start_ns = cut
            else:
                self.pieces.append(piece)
            self.t = cut
            if back is not None and back.lane.before(cut) >= 0:
                self._before(back)
                return


def _go_on(a: Piece, b: Piece) -> bool:
    """Whether two sleeps of which nothing is known are one: what was between them was too short to be kept."""
    return (
        a.kind == b.kind and a.t_end_ns == b.t_start_ns and a.tid == b.tid and a.stack == b.stack and a.via is b.via
        and (a.pid, a.goroutine, a.call, a.where) == (b.pid, b.goroutine, b.call, b.where)
    )  # fmt: skip


def _asks(names: Sequence[str]) -> bool:
    """Whether a stack waits for an answer over the network: also at a channel, for who reads the connection."""
    return any(name.startswith("net.(") or name.endswith(symbols.ANSWERED) for name in names)
