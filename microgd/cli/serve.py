"""A page of marimo, served to this machine alone by a child process that ends with this one."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import typer

HOST = "127.0.0.1"
PATIENCE = 10  # seconds for marimo to end its sessions
Child = subprocess.Popen[str]


@contextmanager
def marimo(args: Sequence[str], port: int, browser: bool) -> Iterator[str]:
    """Run ``marimo ARGS`` until Ctrl-C, with an exit code of 130, or until it ends by itself.

    What is given, as soon as somebody listens there, is the address. It holds a secret: a page with
    a field for code runs what it is sent, so nobody else on this machine may open it. Nothing is
    fetched and nothing asked: marimo looks for no update, and has no terminal for its questions.

    Raises RuntimeError if marimo fails.
    """
    secret = secrets.token_urlsafe(16)
    command = [sys.executable, "-m", "marimo", *args, "--host", HOST]
    command += ["--port", str(port), "--token-password-file", "-"]
    command += [] if browser else ["--headless"]
    child = subprocess.Popen(  # noqa: S603 (our own command)
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,  # tips and an address; under --quiet it ends with a traceback
        text=True,
        env=os.environ | {"MARIMO_SKIP_UPDATE_CHECK": "1"},
        start_new_session=True,  # so that Ctrl-C reaches it once, from here
    )
    with _terminated_is_interrupted():
        try:
            _tell(child, secret)
            _await(child, port)
            yield f"http://{HOST}:{port}/?access_token={secret}"
            code = child.wait()
        except KeyboardInterrupt:
            raise typer.Exit(130) from None
        finally:
            _end(child)
    if code:
        raise RuntimeError(f"learn: marimo ended with exit code {code}")


def free_port(first: int, attempts: int = 100) -> int:
    """The first port from `first` on that nobody listens at. Raises OSError if there is none."""
    for port in range(first, first + attempts):
        if _is_free(port):
            return port
    raise OSError(f"learn: no port from {first} to {port} is free; give another by --port")


def checked_port(port: int) -> int:
    """Return `port` as it is. Raises OSError if it is in use, or not for everybody."""
    if not _is_free(port):
        raise OSError(f"learn: port {port} is in use, or not for you; leave out --port for another")
    return port


def _is_free(port: int) -> bool:
    with socket.socket() as trial:
        if (
            os.name == "posix"
        ):  # a port just left counts as free; elsewhere this means another thing
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST, port))
        except OSError:
            return False
    return True


def _tell(child: Child, secret: str) -> None:
    assert child.stdin is not None
    with suppress(BrokenPipeError):  # it has ended, which its exit code tells
        child.stdin.write(secret)
        child.stdin.close()


def _await(child: Child, port: int) -> None:
    """Wait until the child listens, or has ended."""
    while child.poll() is None:
        with suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            return
        time.sleep(0.05)


@contextmanager
def _terminated_is_interrupted() -> Iterator[None]:
    """End as by Ctrl-C when a window is closed, or `kill` is used, so that no child is left."""
    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {name: signal.getsignal(getattr(signal, name)) for name in names}
    for name in names:
        signal.signal(getattr(signal, name), signal.default_int_handler)
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)


def _end(child: Child) -> None:
    """End marimo as Ctrl-C does; if it will not, end it anyway."""
    if child.poll() is None:
        child.send_signal(signal.SIGINT if os.name == "posix" else signal.SIGTERM)
        try:
            child.wait(PATIENCE)
        except (KeyboardInterrupt, subprocess.TimeoutExpired):
            child.kill()
            child.wait()
