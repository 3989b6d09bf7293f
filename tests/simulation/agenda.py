"""Time and tasks of one run: what is scheduled, and which task runs next."""

import heapq
import itertools
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from simulation.baton import Task
from support.wire import Reply


class Agenda:
    """The schedule of a run and its running tasks, of which one runs at a time.

    Attributes:
        now: seconds since the run began.
        trace: what happened, one line each; None if the run is not traced.
        most_tasks: the most tasks that run at the same time.
        skews: by how many seconds the clocks of instances may be ahead of the world's.
    """

    def __init__(self, rng: random.Random, *, traced: bool) -> None:
        self.rng = rng
        self.now = 0.0
        self.trace: list[str] | None = [] if traced else None
        self.current: Task | None = None
        self.tasks: list[Task] = []
        self.most_tasks = 4
        self.skews: tuple[float, ...] = (0.0,)
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._steps: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def log(self, text: str) -> None:
        """Add a line to the trace, if the run is traced."""
        if self.trace is not None:
            who = self.current.name if self.current else "-"
            self.trace.append(f"{self.now:9.2f}  {who:34}  {text}")

    def later(self, delay: float, what: Callable[[], None]) -> None:
        """Schedule something in `delay` seconds."""
        heapq.heappush(self._agenda, (self.now + delay, next(self._order), what))

    def soon(self, pause: float, what: Callable[[], None]) -> None:
        """Schedule a step of the platform in `pause` seconds, however many tasks run."""
        heapq.heappush(self._steps, (self.now + pause, next(self._order), what))

    def start(self, name: str, work: Callable[[], Reply], done: Callable[[Task, Reply | None], None]) -> None:
        """Start a task in a process; call `done` at its end."""
        answers: list[Reply] = []

        def handle() -> int:
            answers.append(work())
            return answers[0].status

        task = Task(name, handle)
        task.wake = self.now
        task.skew = self.rng.choice(self.skews) if len(self.skews) > 1 else self.skews[0]
        self.tasks.append(task)
        task.on_done = lambda: done(task, answers[0] if task.outcome is not None else None)

    def run(self, until: float | None = None) -> None:
        """Run tasks and scheduled work until a moment, or until nothing is left."""
        while True:
            if self._steps and self._steps[0][0] <= self.now:
                heapq.heappop(self._steps)[2]()
                continue
            ready = [t for t in self.tasks if t.wake <= self.now]
            room = len(self.tasks) < self.most_tasks
            due = bool(self._agenda) and room and self._agenda[0][0] <= self.now
            if not ready and not due:
                moments = [t.wake for t in self.tasks] + ([self._agenda[0][0]] if self._agenda and room else [])
                moments += [self._steps[0][0]] if self._steps else []
                if not moments or (until is not None and min(moments) > until):
                    self.now = max(self.now, until or self.now)
                    return
                self.now = max(self.now, min(moments))
                continue
            if due and (not ready or self.rng.random() < 0.5):
                heapq.heappop(self._agenda)[2]()
                continue
            self._step(ready[0] if len(ready) == 1 else self.rng.choice(ready))

    def _step(self, task: Task) -> None:
        self.current = task
        task.step()
        self.current = None
        if not task.done:
            return
        self.tasks.remove(task)
        if task.error is not None:
            raise task.error
        task.on_done()

    def kill(self, task: Task) -> None:
        """Kill the process of a stalled task."""
        self.log(f"{task.name} is killed while stalled")
        task.dead = True
        task.wake = self.now
        self._step(task)

    def sleep(self, seconds: float) -> None:
        """Stall the current task."""
        if self.current is None:
            self.now += seconds
            return
        self.current.wake = self.now + seconds
        self.current.pause()

    @contextmanager
    def heartbeat(self, beat: Callable[[], bool], seconds: float) -> Iterator[None]:
        """Call `beat` every `seconds` during the block, in the same process: both stop and die together."""
        parent, beats = self.current, [True]

        def again() -> None:
            if beats and parent is not None and not parent.dead and not parent.done:
                self.soon(seconds, again if parent.frozen else once)

        def once() -> None:
            if parent is None or not beats or parent.dead or parent.done:
                return
            self.start(f"{parent.name} beats", lambda: Reply(200 if beat() else 410, None), done)

        def done(_: Task, reply: Reply | None) -> None:
            if reply is None and parent is not None and not parent.done:
                self.kill(parent)
            elif reply is not None and reply.status == 200:
                again()

        again()
        try:
            yield
        finally:
            beats.clear()
