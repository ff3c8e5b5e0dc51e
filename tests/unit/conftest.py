"""A server on 127.0.0.1 that misbehaves as it is told: the fixture `serve`."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@dataclass
class Site:
    """What the server serves and how, and what it was asked."""

    content: bytes = b""
    etag: str = '"one"'
    break_after: list[int] = field(default_factory=list)  # bytes after which each answer in turn breaks off
    statuses: list[int] = field(default_factory=list)  # status of each answer in turn, before it behaves
    announced: int | None = None  # a Content-Length that is a lie
    ranges: bool = True
    kind: str = "application/octet-stream"
    redirect: str = ""
    wrong_range: bool = False
    asked: list[tuple[str, str]] = field(default_factory=list)  # (path, Range) of each request
    url: str = ""
    stop: Callable[[], None] = lambda: None


@contextmanager
def serving(site: Site) -> Iterator[Site]:
    """Serve the site while the block runs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(site))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()

    def stop() -> None:
        server.shutdown()
        thread.join()
        server.server_close()

    site.stop = stop
    site.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield site
    finally:
        stop()


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            site.asked.append((self.path, self.headers.get("Range", "")))
            if site.statuses:
                self.send_error(site.statuses.pop(0))
            elif site.redirect:
                self.send_response(302)
                self.send_header("Location", site.redirect)
                self.end_headers()
            else:
                self.answer()

        def start(self) -> int | None:
            """Return where the wanted part starts, None for the whole."""
            said = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            same = self.headers.get("If-Range", site.etag) == site.etag
            return int(said.group(1)) if said and same and site.ranges else None

        def answer(self) -> None:
            start, total = self.start(), len(site.content)
            if start is not None and start >= total:
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{total}")
                self.end_headers()
                return
            body = site.content[start or 0 :]
            self.send_response(200 if start is None else 206)
            if start is not None:
                first = 0 if site.wrong_range else start
                self.send_header("Content-Range", f"bytes {first}-{total - 1}/{total}")
            if site.etag:
                self.send_header("ETag", site.etag)
            self.send_header("Content-Type", site.kind)
            self.send_header("Content-Length", str(len(body) if site.announced is None else site.announced))
            self.end_headers()
            self.wfile.write(body[: site.break_after.pop(0)] if site.break_after else body)

    return Handler


@pytest.fixture
def serve():
    """Return the function that starts a site: `serve(content, **how)`; `site.stop()` ends it early."""
    with ExitStack() as stack:

        def start(content: bytes = b"", **how: object) -> Site:
            return stack.enter_context(serving(Site(content, **how)))

        yield start
