"""Tasks that run one at a time: each has a thread, which runs while it holds the baton.

The code under test blocks, so each task needs a thread. A run must be repeatable, so only one thread runs at a time.
"""

import threading
from collections.abc import Callable


class Crash(BaseException):
    """The task's process has died: its code has no effect from here on."""


class Thread:
    """A thread that runs one job after another; starting a thread costs more than running a task."""

    def __init__(self) -> None:
        # Locks are quicker than semaphores. Each is held until its side may continue.
        self._go, self._back = threading.Lock(), threading.Lock()
        self._go.acquire()
        self._back.acquire()
        self._job: Callable[[], None] | None = None
        self._thread = threading.Thread(target=self._loop, daemon=True)
        self._thread.start()

    def begin(self, job: Callable[[], None]) -> None:
        """Run the job until it pauses or ends."""
        self._job = job
        self.resume()

    def resume(self) -> None:
        """Continue the job until it pauses or ends."""
        self._go.release()
        self._back.acquire()

    def pause(self) -> None:
        """Give the baton back. Called inside the job."""
        self._back.release()
        self._go.acquire()

    @property
    def idle(self) -> bool:
        """Return whether the job has ended."""
        return self._job is None

    def _loop(self) -> None:
        while True:
            self._go.acquire()
            assert self._job is not None
            try:
                self._job()
            finally:
                self._job = None
                self._back.release()


class Task:
    """One handler that runs in one process.

    Attributes:
        wake: when it can continue, in seconds of the run.
        dead: its process has crashed; the task only unwinds.
        outcome: the handler's result; None if it has crashed.
        faulty: whether a fault has been injected into it.
        frozen: whether its process is stopped, heartbeat included.
        skew: by how many seconds its clock is ahead of the world's.
    """

    _spare: list[Thread] = []  # noqa: RUF012 - shared by all, on purpose

    def __init__(self, name: str, work: Callable[[], int]) -> None:
        self.name = name
        self.wake = 0.0
        self.dead = False
        self.done = False
        self.faulty = False
        self.frozen = False
        self.skew = 0.0
        self.outcome: int | None = None
        self.error: BaseException | None = None
        self.on_done: Callable[[], None] = lambda: None
        self._work = work
        self._thread: Thread | None = None

    def step(self) -> None:
        """Run until the task pauses or ends."""
        if self._thread is None:
            self._thread = Task._spare.pop() if Task._spare else Thread()
            self._thread.begin(self._run)
        else:
            self._thread.resume()
        if self._thread.idle:
            self.done = True
            Task._spare.append(self._thread)

    def pause(self) -> None:
        """Let other tasks run first. Called inside the task."""
        assert self._thread is not None
        self._thread.pause()
        if self.dead:
            raise Crash

    def crash(self) -> None:
        """Kill the task's process. Called inside the task."""
        self.dead = True
        raise Crash

    def _run(self) -> None:
        try:
            self.outcome = self._work()
        except Crash:
            self.outcome = None
        except BaseException as error:  # noqa: BLE001 - the world looks at it
            self.error = error
