"""One download, over as many tries as it takes."""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

from onecycle.errors import ArgumentError, ArgumentTypeError, DownloadError, OnecycleError, explain
from onecycle.utils.files import write_error
from onecycle.utils.progress import progress_bar

__all__ = ["secure_url"]

_LOCAL = ("127.0.0.1", "localhost", "::1")
_WORTH_ANOTHER_TRY = (408, 425, 429, 500, 502, 503, 504)  # RFC 9110 section 15: the fault may pass
_LONGEST_PAUSE = 8.0  # seconds
_MOST_REDIRECTS = 20


def secure_url(url: str) -> str:
    """Return the address with https in place of http; addresses of this machine stay as they are.

    Raises:
        ArgumentTypeError: it is no text.
        ArgumentError: the address begins with neither, or its host or port cannot be one.

    Example:
        >>> secure_url("http://example.com/a.tgz")
        'https://example.com/a.tgz'
    """
    parts = _parts_of(check_url("download", url))
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ArgumentError(explain("download", "url", "must begin with https:// or http://", url))
    if parts.scheme == "http" and parts.hostname not in _LOCAL:
        return "https" + url[len("http") :]
    return url


def check_url(caller: str, url: Any) -> str:
    """Return an address; refuse what is no text.

    Raises:
        ArgumentTypeError: it is none.
    """
    if not isinstance(url, str):
        hint = "Pass one of URLs, or an address of your own: 'https://…'."
        raise ArgumentTypeError(explain(caller, "url", "must be an address", url, hint))
    return url


def _parts_of(url: str) -> SplitResult:
    """Return the parts of an address.

    Raises:
        ArgumentError: its host or port cannot be one.
    """
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - a property that looks at the number
    except ValueError as error:
        rule = f"must be an address with a host and a port from 0 to 65535 ({error})"
        raise ArgumentError(explain("download", "url", rule, url)) from None
    return parts


def _is_local(url: str) -> bool:
    return _parts_of(url).hostname in _LOCAL


@dataclass(frozen=True)
class Wanted:
    """What is known of a file before it comes."""

    sha256: str | None
    md5: str | None
    size: int | None

    def fault(self, path: Path) -> str:
        """Say what is wrong with a file, or return an empty string."""
        length = path.stat().st_size
        if self.size is not None and length != self.size:
            return f"must have {self.size:,} bytes and has {length:,}"
        for kind, digits in (("sha256", self.sha256), ("md5", self.md5)):
            found = _digest(path, kind) if digits else ""
            if digits and not found.startswith(digits.lower()):
                return f"must have the {kind} {digits} and has {found[: max(len(digits), 8)]}"
        return ""


def _digest(path: Path, kind: str) -> str:
    digest = hashlib.new(kind, usedforsecurity=False)
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


class _TryAgain(Exception):
    """A try failed in a way that may pass."""

    def __init__(self, reason: str, cure: str = "") -> None:
        super().__init__(reason)
        self.cure = cure


@dataclass
class Fetch:
    """Fetch one file to `target`; see `download_file` for the meaning of the fields."""

    url: str
    target: Path
    wanted: Wanted
    chunk_size: int
    timeout: float
    retries: int
    show_progress: bool
    pbar: Any

    def __post_init__(self) -> None:
        self.part = self.target.with_name(self.target.name + ".part")
        self.notes = self.target.with_name(self.target.name + ".part.json")
        self.total: int | None = None
        self.resumed = False

    def run(self) -> Path:
        """Fetch, check and rename."""
        try:
            self.target.parent.mkdir(parents=True, exist_ok=True)
            self._fetch_checked()
            os.replace(self.part, self.target)
            self.notes.unlink(missing_ok=True)
        except OnecycleError:
            raise
        except OSError as error:  # what the network does is a DownloadError by now
            raise write_error(self.target, error) from error
        return self.target

    def _fetch_checked(self) -> None:
        self._fetch_all()
        fault = self.wanted.fault(self.part)
        if fault and self.resumed:  # the part that was kept may be of another file: once more from the start
            self.forget()
            self._fetch_all()
            fault = self.wanted.fault(self.part)
        if fault:
            self.forget()
            raise self.failure(
                f"what came {fault}", "The file on the server changed, or the way to it is broken."
            )

    def have(self) -> int:
        """Return how many bytes are here."""
        return self.part.stat().st_size if self.part.exists() else 0

    def forget(self) -> None:
        """Delete what is here."""
        self.part.unlink(missing_ok=True)
        self.notes.unlink(missing_ok=True)

    def _fetch_all(self) -> None:
        most, failures = self.have(), 0
        while True:
            try:
                return self._fetch_once()
            except _TryAgain as error:
                progress = self.have() > most
                most, failures = max(most, self.have()), 0 if progress else failures + 1
                if failures >= self.retries:
                    raise self.failure(str(error), error.cure) from error
                _pause(max(failures, 1))

    def _fetch_once(self) -> None:
        import requests

        try:
            answer = self._answer()
        except requests.exceptions.SSLError as error:
            raise self.failure(f"its certificate is not accepted ({_reason(error)})") from error
        except ValueError as error:  # requests' errors of addresses are ValueErrors: the next try would end alike
            reason = f"it is no address that can be asked ({_reason(error)})"
            raise self.failure(reason, "Check the address.") from error
        except requests.RequestException as error:
            raise _TryAgain(f"no answer ({_reason(error)})", "Is this machine offline?") from error
        with answer:
            self._receive(answer)

    def _answer(self) -> Any:
        """Return the answer of the address, or of the one it leads to; each is checked before it is asked."""
        import requests

        headers, cookies = self._headers(), requests.cookies.RequestsCookieJar()
        address = self.url
        for _ in range(_MOST_REDIRECTS):
            answer = requests.get(
                address, headers=headers, cookies=cookies, stream=True, timeout=self.timeout, allow_redirects=False
            )
            if not answer.is_redirect:
                return answer
            cookies.update(answer.cookies)
            answer.close()
            address = self._next_address(address, answer)
        raise self.failure(f"it leads on to another address more than {_MOST_REDIRECTS} times")

    def _next_address(self, address: str, answer: Any) -> str:
        """Return where an answer leads.

        Raises:
            DownloadError: it leads away from https, or from elsewhere to this machine.
        """
        following = getattr(answer, "next", None)
        target = answer.headers["location"] if following is None else following.url
        try:
            target = urljoin(address, target)
            is_safe = secure_url(target) == target and (_is_local(self.url) or not _is_local(target))
        except (ArgumentError, ValueError):
            is_safe = False
        if not is_safe:
            raise self.failure(f"it leads to {target}, which is not https")
        return target

    def _headers(self) -> dict[str, str]:
        headers = {"Accept-Encoding": "identity", "User-Agent": "onecycle"}
        noted = self._noted()
        if not noted:
            self.forget()
            return headers
        headers["Range"] = f"bytes={self.have()}-"
        if noted.get("validator"):
            headers["If-Range"] = noted["validator"]
        return headers

    def _noted(self) -> dict[str, Any]:
        """Return what is known of the part that is here; nothing unless it is of this address."""
        with suppress(OSError, ValueError):
            noted = json.loads(self.notes.read_text(encoding="utf-8"))
            if isinstance(noted, dict) and noted.get("url") == self.url and self.have():
                return noted
        return {}

    def _receive(self, answer: Any) -> None:
        self._check_answer(answer)
        if answer.status_code == 416:  # nothing after what is here: it is whole, or of another file
            return self._end_of_range(answer)
        start, self.total = self._range(answer)
        self._check_length()
        self._note(answer)
        with self.part.open("r+b" if start else "wb") as file:
            file.seek(start)
            file.truncate()
            for piece in self._pieces(answer, start):
                file.write(piece)
        if self.total is not None and self.have() != self.total:
            raise _TryAgain(f"it broke off after {self.have():,} of {self.total:,} bytes")
        return None

    def _check_answer(self, answer: Any) -> None:
        status = answer.status_code
        if status in _WORTH_ANOTHER_TRY:
            raise _TryAgain(f"the server answered {status} {answer.reason}")
        if status not in (200, 206, 416):
            raise self.failure(f"the server answered {status} {answer.reason}", "Check the address.")

    def _end_of_range(self, answer: Any) -> None:
        said = re.fullmatch(r"bytes \*/(\d+)", answer.headers.get("Content-Range", ""))
        if said is None or int(said.group(1)) != self.have():
            self.forget()
            raise _TryAgain("the server had no more, though the file was not whole")

    def _range(self, answer: Any) -> tuple[int, int | None]:
        """Return at which byte the answer starts and how long the whole file is."""
        if answer.status_code == 206:
            said = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", answer.headers.get("Content-Range", ""))
            total = None if said is None or said.group(2) == "*" else int(said.group(2))
            if (
                said is None
                or int(said.group(1)) != self.have()
                or total != self._noted().get("total", total)
            ):
                self.forget()
                raise _TryAgain("the server sent another part than the one asked for")
            self.resumed = True
            return self.have(), total
        length = answer.headers.get("Content-Length", "")
        return 0, int(length) if length.isdigit() else None

    def _check_length(self) -> None:
        if None not in (self.total, self.wanted.size) and self.total != self.wanted.size:
            self.forget()
            raise self.failure(
                f"it must have {self.wanted.size:,} bytes and the server announces {self.total:,}",
                "The file on the server changed.",
            )

    def _note(self, answer: Any) -> None:
        etag = answer.headers.get("ETag", "")
        validator = etag if etag.startswith('"') else answer.headers.get("Last-Modified", "")
        noted = {"url": self.url, "validator": validator, "total": self.total}
        self.notes.write_text(json.dumps(noted), encoding="utf-8")

    def _pieces(self, answer: Any, start: int) -> Iterator[bytes]:
        from urllib3.exceptions import HTTPError

        bar = self._bar()
        done = start
        try:
            for piece in answer.raw.stream(self.chunk_size, decode_content=False):
                done += len(piece)
                bar.comment = f"{self.target.name} {done / 1e6:.1f} MB"
                bar.update(done // 1_000_000)
                yield piece
        except HTTPError as error:
            raise _TryAgain(f"it broke off after {done:,} bytes ({_reason(error)})") from error
        finally:
            bar.close()

    def _bar(self) -> progress_bar:
        megabytes = None if self.total is None else max(1, -(-self.total // 1_000_000))
        return progress_bar((), megabytes, self.show_progress, leave=False, parent=self.pbar)

    def failure(self, reason: str, cure: str = "") -> DownloadError:
        """Return the error that says what went wrong and what to do by hand."""
        by_hand = f"To do it by hand, fetch that address elsewhere and save it as {str(self.target)!r}."
        return DownloadError(
            f"download: {self.url} could not be fetched: {reason}. {f'{cure} {by_hand}'.strip()}"
        )


def _reason(error: BaseException) -> str:
    """Return the innermost cause in one line."""
    while (inner := getattr(error, "reason", None) or next(iter(error.args), None)) is not None:
        if not isinstance(inner, BaseException):
            break
        error = inner
    text = str(error).split("\n")[0]
    text = re.sub(r"^<[^>]*>:?\s*|^\w*Connection\w*\([^)]*\):?\s*", "", text)
    return text or type(error).__name__


def _pause(failures: int) -> None:
    """Wait before the next try: 0.5 s, doubling."""
    time.sleep(min(0.5 * 2 ** (failures - 1), _LONGEST_PAUSE))
