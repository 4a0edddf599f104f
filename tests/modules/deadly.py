"""Steps that take their process along, hold it up or fill it."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from hamilton.function_modifiers import tag


def fine(n: int) -> int:
    return n + 1


def segfault(fine: int) -> int:
    print("about to read address 0")
    return ctypes.string_at(0)[0]


def exits(fine: int) -> int:
    os._exit(3)


def hangs(fine: int) -> int:
    """A loop that no signal but the last one ends."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while True:
        time.sleep(0.01)


def hangs_in_c(fine: int) -> int:
    """Compiled code that lets nobody else run."""
    pause = ctypes.PyDLL(None).pause  # with the interpreter's lock held
    while True:
        pause()


def grows(fine: int) -> int:
    held = []
    while True:
        held.append(bytearray(b"\xff" * (1 << 23)))
        time.sleep(0.001)


def fills(fine: int) -> int:
    """Hold 300 MB for a moment."""
    return len(bytearray(b"\xff" * 300_000_000))


@tag(hidden="files")
def killed_once(fine: int, flag: str) -> int:
    """As when the system kills a process for no fault of its own."""
    if not Path(flag).exists():
        Path(flag).touch()
        signal.raise_signal(signal.SIGKILL)
    return fine


@tag(hidden="files,environment,clock")
def finds_last(fine: int, note: str) -> str:
    """Go with the template; the second time, say what became of the process of the first."""
    if not Path(note).exists():
        held = bytearray(b"\xff" * (1 << 28))  # so that the end takes a moment
        Path(note).write_text(str(os.getpid()))
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(600)
        return str(len(held))
    try:
        os.kill(int(Path(note).read_text()), 0)
    except ProcessLookupError:
        return "dead"
    return "alive"


@tag(hidden="files,environment,clock")
def orphaned(fine: int, flag: str, times: int) -> int:
    """As when the process is killed from which this one was copied, so many times."""
    with Path(flag).open("a+") as file:
        file.seek(0)
        if len(file.read()) >= times:
            return fine
        file.write("x")
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(60)
    return fine


@tag(hidden="network,environment,files,dynamic")
def writes_everywhere(fine: int) -> int:
    """Noise on every way out, from Python, from C and from a program."""
    print("python")
    sys.stderr.write("error\n")
    os.write(1, b"\x00\x01 raw \xff\n")
    ctypes.CDLL(None).puts(b"c")
    ctypes.CDLL(None).fflush(None)
    subprocess.run(["echo", "program"], check=True)
    return fine


@tag(hidden="files,environment")
def closes_all(fine: int) -> int:
    """Closes every file there is, ours among them."""
    os.closerange(0, 256)
    return fine


@tag(hidden="network,files")
def leaves_process(fine: int, pids: str) -> int:
    """Starts programs that outlive it, one of them in a session of its own."""
    for new_session in (False, True):
        program = subprocess.Popen(["sleep", "600"], start_new_session=new_session)
        with Path(pids).open("a") as file:
            file.write(f"{program.pid}\n")
    return fine


@tag(hidden="files,environment")
def forks_and_dies(fine: int, pids: str) -> int:
    """Its child holds every pipe open when it dies itself."""
    child = os.fork()
    if child == 0:
        time.sleep(600)
    with Path(pids).open("a") as file:
        file.write(f"{child}\n")
    signal.raise_signal(signal.SIGKILL)
    return fine


def leaves_thread(fine: int) -> int:
    threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
    return fine


@tag(hidden="environment")
def pid(fine: int) -> int:
    return os.getpid()
