"""The child process beside a night: it serves Prefect's API on loopback, and ends when the night ends, however it ends.

Standard input is a pipe that the night holds open and never writes to: it closes with the night, also when that is
killed. What the night left running, git for example, is then ended too. The listening socket is handed over by the
night, so that the port is known, and requests wait in it, before there is a server. Without a socket it only watches.

python -m flows.process.companion FILE_DESCRIPTOR_OF_THE_SOCKET     "" for none
"""

from __future__ import annotations

import os
import socket
import sys
import traceback
from threading import Thread

from flows.children import MARK, end_marked
from flows.process.loading import without_collecting

READY = b"ready\n"


def main(descriptor: int | None) -> None:
    """Watch, and serve until told to stop; says READY on standard output when the first request can be answered."""
    Thread(target=_end_with_the_night).start()
    if descriptor is None:
        return
    try:
        _serve(socket.socket(fileno=descriptor))
    except Exception:  # noqa: BLE001 - into the log of the server
        traceback.print_exc()
    finally:
        os._exit(0)  # stopped by the night, or no server to be had; the other thread would still read


def _end_with_the_night() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    end_marked(os.environ[MARK])
    os._exit(0)


def _serve(listening: socket.socket) -> None:
    with without_collecting():
        import uvicorn
        from prefect.server.api.server import create_app

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                os.write(sys.stdout.fileno(), READY)

    Server(uvicorn.Config(create_app(), log_level="error", lifespan="on", timeout_graceful_shutdown=1)).run(
        sockets=[listening]
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1] else None)
